import assert from "node:assert/strict";
import fc from "fast-check";
import { Resolution } from "../../src/config/effective.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { checkWorkers, type WorkersConfig } from "../../src/config/workers.ts";
import { parseToml } from "../../src/lib/toml.ts";

function check(toml: string, allowV1 = false): WorkersConfig {
  const text = `[workers]\n${toml}\n`;
  const resolution = new Resolution("config.toml", allowV1 ? { APS_MINER_ALLOW_V1: "1" } : {});
  return checkWorkers(parseToml(text, { source: "config.toml" }).workers, text, resolution);
}

const bid = (toml: string, allowV1 = false): string => check(toml, allowV1).commitment.text;

Deno.test("checkWorkers() reads a table of sizes, a table called hashrates, and a list", () => {
  assert.equal(
    bid('price_multiplier = "1.05"\nworker_sizes = { "0.45" = 2, "0.25" = 4 }'),
    "2;b;BTC,1.05=0.25:4,0.45:2",
  );
  assert.equal(bid('price_multiplier = "1"\n[workers.hashrates]\n"0.45" = 1'), "2;b;BTC,1=0.45:1");
  assert.equal(
    bid('price_multiplier = "1.0"\nhashrates = ["0.1", "0.2", "0.46"]'),
    "2;b;BTC,1=0.05:1,0.1:1,0.2:1,0.41:1",
  );
});

Deno.test("checkWorkers() reads TOML numbers by their shortest decimal text", () => {
  assert.equal(bid("price_multiplier = 1.05\nhashrates = [0.1, 0.45]"), "2;b;BTC,1.05=0.1:1,0.45:1");
  assert.equal(bid("price_multiplier = 1\nhashrates = [1]"), "2;b;BTC,1=0.1:1,0.45:2");
  assert.equal(bid("price_multiplier = 1e-7\nhashrates = [5e-2]"), "2;b;BTC,0.0000001=0.05:1");
});

Deno.test("checkWorkers() treats an empty offer as a withdrawal", () => {
  assert.equal(bid('price_multiplier = "1.0"\nhashrates = []'), "2;b;");
  assert.equal(bid('price_multiplier = "1.0"\nworker_sizes = {}'), "2;b;");
});

Deno.test("checkWorkers() withdraws with enabled = false but still checks and keeps the workers", () => {
  const sizes = 'price_multiplier = "1.0"\nworker_sizes = { "0.45" = 2 }';
  const paused = check(`enabled = false\n${sizes}`);
  assert.equal(paused.commitment.text, "2;b;");
  assert.deepEqual(paused.offers, check(sizes).offers);
  assert.equal(check(`enabled = false\nprice_multiplier = 1\nhashrates = [1]`, true).commitment.text, "2;b;");
  assert.equal(bid(`enabled = true\n${sizes}`), bid(sizes));
});

Deno.test("checkWorkers() writes a list as v1 only when that is switched on", () => {
  assert.equal(bid('price_multiplier = "1.0"\nhashrates = ["0.2", "0.1"]', true), "1;b;1=0.1,0.2");
});

Deno.test("checkWorkers() publishes tiers as groups of one bid, with or without a single price", () => {
  const tiers = `[[workers.tiers]]
price_multiplier = "0.9"
[workers.tiers.worker_sizes]
"0.45" = 3
[[workers.tiers]]
price_multiplier = 1.01
[workers.tiers.worker_sizes]
"0.2" = 1
"0.1" = 2
`;
  assert.equal(bid(tiers), "2;b;BTC,0.9=0.45:3;BTC,1.01=0.1:2,0.2:1");
  const beside = check(`price_multiplier = "0.95"\nhashrates = ["0.5"]\n${tiers}`);
  assert.equal(
    beside.commitment.text,
    "2;b;BTC,0.9=0.45:3;BTC,0.95=0.05:1,0.45:1;BTC,1.01=0.1:2,0.2:1",
  );
  assert.equal(beside.offers.length, 3);
  assert.equal(beside.commitment.totalWorkers, 7);
  // A list beside tiers is v2 even when lists would be v1.
  assert.match(bid(`price_multiplier = 1\nhashrates = ["0.1"]\n${tiers}`, true), /^2;b;/);
});

Deno.test("checkWorkers() puts tiers of the same price into one group", () => {
  assert.equal(
    bid(
      'price_multiplier = "1"\nworker_sizes = { "0.1" = 1 }\ntiers = [\n' +
        '{ price_multiplier = "1.0", worker_sizes = { "0.1" = 2, "0.2" = 1 } }]',
    ),
    "2;b;BTC,1=0.1:3,0.2:1",
  );
});

Deno.test("checkWorkers() withdraws all tiers with enabled = false", () => {
  const tiers = '[[workers.tiers]]\nprice_multiplier = 1\nworker_sizes = { "0.1" = 2 }';
  const paused = check(`enabled = false\n${tiers}`);
  assert.equal(paused.commitment.text, "2;b;");
  assert.equal(paused.offers.length, 1);
});

const TIER = '[[workers.tiers]]\nprice_multiplier = "1"\nworker_sizes = { "0.1" = 500 }\n';

const wrong: [string, string, RegExp][] = [
  ["no section content", "", /\[workers\] price_multiplier: is missing/],
  [
    "a switch that is a string",
    'enabled = "no"\nprice_multiplier = "1"\nworker_sizes = { "0.1" = 1 }',
    /\[workers\] enabled: must be true or false; it is "no"/,
  ],
  [
    "a mistake although the workers are disabled",
    'enabled = false\nprice_multiplier = "1"\nworker_sizes = { "0.1" = 1001 }',
    /worker_sizes: .*1000/,
  ],
  [
    "a tier without a price, naming it",
    `${TIER}[[workers.tiers]]\nworker_sizes = { "0.1" = 2 }`,
    /\[workers\] tiers\[1\]\.price_multiplier: is missing; set the price of these workers/,
  ],
  [
    "a tier without workers",
    '[[workers.tiers]]\nprice_multiplier = "1"',
    /tiers\[0\]\.worker_sizes: is missing/,
  ],
  [
    "a tier with a list",
    '[[workers.tiers]]\nprice_multiplier = "1"\nhashrates = ["0.1"]',
    /\[workers\] tiers\[0\]\.hashrates: is not a known key/,
  ],
  [
    "a tier whose price never wins",
    `${TIER}${TIER.replace('"1"', '"1.2"')}`,
    /tiers\[1\]\.price_multiplier: must be at most 1\.05/,
  ],
  [
    "a size out of range in a tier",
    TIER.replace('"0.1"', '"0.5"'),
    /tiers\[0\]\.worker_sizes: Cannot offer a worker of "0\.5" PH[^;]*$/,
  ],
  [
    "a count that is a string in a tier",
    TIER.replace("500", '"5"'),
    /tiers\[0\]\.worker_sizes\."0\.1": must be a whole number/,
  ],
  [
    "more than 1000 workers over all tiers, naming the tier that exceeds the limit",
    `${TIER}${TIER.replace('"1"', '"0.9"')}${TIER.replace("500", "1")}`,
    /tiers\[2\]\.worker_sizes: .*at most 1000; that counts this tier and the workers before it/,
  ],
  [
    "a single price without workers beside tiers",
    `price_multiplier = "1"\n${TIER}`,
    /\[workers\] worker_sizes: is missing/,
  ],
  [
    "tiers that are not a list",
    "tiers = 3",
    /\[workers\] tiers: must be a list of tables; write \[\[workers\.tiers\]\]/,
  ],
  ["an empty list of tiers", "tiers = []", /\[workers\] tiers: lists no tier; remove it/],
  [
    "an unquoted size in a tier",
    TIER.replace('"0.1"', "0.1"),
    /tiers\.worker_sizes: line 4: put the size in quotes, "0\.1" = …/,
  ],
  [
    "an unquoted size in a tier inline",
    'tiers = [{ price_multiplier = "1", worker_sizes = { 0.1 = 1 } }]',
    /tiers\.worker_sizes: line 2: put the size in quotes/,
  ],
  ["neither form", 'price_multiplier = "1"', /\[workers\] worker_sizes: is missing/],
  [
    "both forms",
    'price_multiplier = "1"\nhashrates = ["0.1"]\nworker_sizes = { "0.1" = 1 }',
    /hashrates: cannot be set together with worker_sizes/,
  ],
  ["an unknown key", 'price_multiplier = "1"\nsizes = 1', /\[workers\] sizes: is not a known key/],
  [
    "an unquoted size",
    'price_multiplier = "1"\n[workers.worker_sizes]\n0.45 = 2',
    /worker_sizes: line 4: put the size in quotes, "0.45" = …/,
  ],
  [
    "an unquoted size inline",
    'price_multiplier = "1"\nworker_sizes = { 0.45 = 2 }',
    /line 3: put the size in quotes, "0.45"/,
  ],
  [
    "an unquoted size as a dotted key",
    'price_multiplier = "1"\nworker_sizes.0.45 = 2',
    /worker_sizes: .*put the size in quotes, such as "0.45" = 2/,
  ],
  [
    "a price that is zero",
    'price_multiplier = "0"\nhashrates = ["0.1"]',
    /price_multiplier: must be above 0; it is 0/,
  ],
  [
    "a negative price",
    "price_multiplier = -1.5\nhashrates = [0.1]",
    /price_multiplier: must be above 0; it is -1.5/,
  ],
  [
    "a price that never wins",
    'price_multiplier = "1.06"\nhashrates = ["0.1"]',
    /must be at most 1.05, a higher price never wins; it is 1.06/,
  ],
  [
    "a price that is not a decimal",
    'price_multiplier = "cheap"\nhashrates = ["0.1"]',
    /price_multiplier: .*it is "cheap"/,
  ],
  [
    "a price that is a list",
    'price_multiplier = ["1"]\nhashrates = ["0.1"]',
    /price_multiplier: must be a decimal in quotes.*it is a list/,
  ],
  [
    "a size below the smallest",
    'price_multiplier = "1"\nworker_sizes = { "0.04" = 2 }',
    /worker_sizes: .*0.04/,
  ],
  [
    "a size above the largest",
    'price_multiplier = "1"\nworker_sizes = { "0.46" = 2 }',
    /worker_sizes: .*0.46/,
  ],
  [
    "a count that is a fraction",
    'price_multiplier = "1"\nworker_sizes = { "0.1" = 1.5 }',
    /worker_sizes\."0.1": must be a whole number of workers, at least 1; it is 1.5/,
  ],
  [
    "a count of zero",
    'price_multiplier = "1"\nworker_sizes = { "0.1" = 0 }',
    /worker_sizes\."0.1": .*it is 0/,
  ],
  [
    "a count in quotes",
    'price_multiplier = "1"\nworker_sizes = { "0.1" = "2" }',
    /worker_sizes\."0.1": .*it is "2"/,
  ],
  [
    "a table for worker_sizes that is a list",
    'price_multiplier = "1"\nworker_sizes = ["0.1"]',
    /worker_sizes: must be a table size = count/,
  ],
  [
    "more than 1000 workers",
    'price_multiplier = "1"\nworker_sizes = { "0.1" = 1001 }',
    /worker_sizes: .*1000/,
  ],
  [
    "a list entry that is not a size",
    'price_multiplier = "1"\nhashrates = ["0.1", true]',
    /hashrates\[1\]: must be a decimal in quotes.*it is true/,
  ],
];
for (const [what, toml, message] of wrong) {
  Deno.test(`checkWorkers() rejects ${what}`, () => {
    assert.throws(() => check(toml), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("checkWorkers() reports the length of a bid above 128 bytes and how to shorten it", () => {
  const sizes = Array.from({ length: 20 }, (_, i) => `"0.${201 + i}" = 1`).join(", ");
  assert.throws(() => check(`price_multiplier = "1"\nworker_sizes = { ${sizes} }`), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /\d{3} bytes/);
    assert.match(error.message, /fewer distinct worker sizes/);
    return true;
  });
});

Deno.test("checkWorkers() names the tier that makes the bid exceed 128 bytes", () => {
  const tier = (price: string, from: number): string => {
    const sizes = Array.from({ length: 8 }, (_, i) => `"0.${from + i}" = 1`).join(", ");
    return `[[workers.tiers]]\nprice_multiplier = "${price}"\nworker_sizes = { ${sizes} }\n`;
  };
  assert.throws(() => check(tier("0.9", 200) + tier("1.0", 300) + tier("1.05", 400)), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /\[workers\] tiers\[1\]\.worker_sizes: .*\d{3} bytes.*the workers before it/);
    return true;
  });
});

Deno.test("checkWorkers() returns a bid or throws a ConfigError for any input", () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), fc.anything(), (price_multiplier, hashrates, worker_sizes) => {
      const tiers = [{ price_multiplier, worker_sizes }, { price_multiplier: worker_sizes, hashrates }];
      const section = { price_multiplier, hashrates, worker_sizes, tiers };
      try {
        checkWorkers(section, "", new Resolution("x"));
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
  );
});
