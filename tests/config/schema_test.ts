import assert from "node:assert/strict";
import { ConfigError } from "../../src/config/errors.ts";
import { checkConfigFile } from "../../src/config/schema.ts";

const good = {
  bittensor: { network: "finney", netuid: 89 },
  wallet: { name: "default", hotkey_name: "default", directory: "~/.bittensor/wallets" },
  workers: { price_multiplier: "1.0", hashrates: ["0.1"] },
};

/** The keys and messages of all mistakes. */
function mistakes(data: unknown): string[] {
  try {
    checkConfigFile(data, "config.toml");
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.issues.map(({ key, message }) => `${key}: ${message}`);
  }
  return [];
}

Deno.test("checkConfigFile() accepts a file of the Python original and does not look into [workers]", () => {
  assert.deepEqual(checkConfigFile(good, "config.toml"), good);
  assert.deepEqual(mistakes({ ...good, workers: "anything" }), []);
});

Deno.test("checkConfigFile() reports every missing section and key", () => {
  assert.deepEqual(mistakes({ wallet: { name: "x", hotkey_name: "y" } }), [
    "[bittensor]: is missing; add it as in docs/configuration.md",
    "[wallet] directory: is missing; add it as in docs/configuration.md",
  ]);
  assert.deepEqual(mistakes({ ...good, bittensor: { network: "finney" } }), [
    "[bittensor] netuid: is missing; add it as in docs/configuration.md",
  ]);
});

Deno.test("checkConfigFile() reports unknown keys and sections", () => {
  assert.deepEqual(mistakes({ ...good, bitensor: {}, routing: { pool_path: "x" } }), [
    "[routing] pool_path: is not a known key; remove it or correct its spelling",
    "[bitensor]: is not a known key; remove it or correct its spelling",
  ]);
});

const wrongValues: [string, object, string][] = [
  [
    "a netuid in quotes",
    { bittensor: { network: "finney", netuid: "89" } },
    '[bittensor] netuid: must be a number; it is "89"',
  ],
  [
    "a fractional netuid",
    { bittensor: { network: "finney", netuid: 1.5 } },
    "[bittensor] netuid: must be a whole number; it is 1.5",
  ],
  [
    "a netuid out of range",
    { bittensor: { network: "finney", netuid: 70000 } },
    "[bittensor] netuid: must be 0 to 65535; it is 70000",
  ],
  ["an empty name", { wallet: { ...good.wallet, name: " " } }, '[wallet] name: is empty; it is " "'],
  [
    "a mode that does not exist",
    { routing: { mode: "ipp" } },
    '[routing] mode: must be one of "ihp", "braiins"; it is "ipp"',
  ],
  [
    "a duration without a unit",
    { routing: { stale_after: "24" } },
    '[routing] stale_after: must be a duration such as "2 windows", "24m" or "2h"; it is "24"',
  ],
  [
    "a network that is a number",
    { bittensor: { network: 5, netuid: 1 } },
    "[bittensor] network: must be a string or a list of strings, none of them empty; it is 5",
  ],
  [
    "a section that is not a table",
    { wallet: "default" },
    "[wallet]: must be a table; it is a string, which is not shown",
  ],
];
for (const [what, change, expected] of wrongValues) {
  Deno.test(`checkConfigFile() rejects ${what}, showing it`, () => {
    assert.deepEqual(mistakes({ ...good, ...change }), [expected]);
  });
}

const PROXY = { pools_path: "/p" };
const FORMS: [string, object, RegExp][] = [
  [
    "a hook that is one string",
    { hooks: { on_won: "/bin/hook secret" } },
    /^\[hooks\] on_won: must be a list of words; write it as a list: \["\/path\/to\/program"\]; it is a string, which is not shown$/,
  ],
  [
    "a hook with all its words in one string",
    { hooks: { on_won: ["/bin/hook secret"] } },
    /^\[hooks\] on_won\[0\]: contains spaces; write the program and each argument as a separate word/,
  ],
  ["a hook that is a URL", { hooks: { on_won: ["https://h/secret"] } }, /^\[hooks\] on_won\[0\]: is a URL; /],
  [
    "a reload command without words",
    { routing: { ...PROXY, reload_command: [] } },
    /^\[routing\] reload_command: names no program; write it as a list: \["systemctl", "reload", .*\], or remove the key/,
  ],
  [
    "a command that is one string",
    { routing: { ...PROXY, reload_command: "reload secret" } },
    /^\[routing\] reload_command: must be a list of words; write it as a list: \["systemctl", /,
  ],
  [
    "sources that are a string",
    { delivery: { sources: "http://u:secret@h/" } },
    /^\[delivery\] sources: must be a list of tables; write \[\[delivery\.sources\]\] above/,
  ],
  [
    "a source that is a string",
    { delivery: { sources: ["http://u:secret@h/"] } },
    /^\[delivery\] sources\[0\]: must be a table; write \[\[delivery\.sources\]\] above/,
  ],
  [
    "key and value swapped",
    { hooks: { "https://h/secret": "webhook" } },
    /^\[hooks\]: has an unknown key, which is not shown/,
  ],
  [
    "NUL in a hook's argument",
    { hooks: { on_won: ["a", "b\0"] } },
    /^\[hooks\] on_won\[1\]: contains a control character/,
  ],
  [
    "NUL in a command's argument",
    { routing: { ...PROXY, reload_command: ["a", "b\0"] } },
    /^\[routing\] reload_command\[1\]: contains a control/,
  ],
  [
    "a line break in a path",
    { routing: { pools_path: "/a\nb" } },
    /^\[routing\] pools_path: contains a control character/,
  ],
  [
    "an escape sequence in a name",
    { asic: { miners: [{ name: "\x1b[2Jrig" }] } },
    /^\[asic\] miners\[0\]\.name: contains a control/,
  ],
  [
    "a control character in a URL",
    { hooks: { webhook: "https://h/secret\u0001" } },
    /^\[hooks\] webhook: contains a control character/,
  ],
  [
    "a control character in an endpoint",
    { bittensor: { network: "ws://h\x7f", netuid: 1 } },
    /^\[bittensor\] network: contains a control/,
  ],
  ["a space in a URL", { hooks: { webhook: "https://h/a secret" } }, /^\[hooks\] webhook: contains a space/],
];
for (const [what, change, expected] of FORMS) {
  Deno.test(`checkConfigFile() rejects ${what} without showing it`, () => {
    const [mistake = "accepted"] = mistakes({ ...good, ...change });
    assert.match(mistake, expected);
    assert.doesNotMatch(mistake, /secret|\p{Cc}/u);
  });
}

Deno.test("checkConfigFile() accepts a script of several lines as an argument", () => {
  assert.deepEqual(mistakes({ ...good, hooks: { on_won: ["/bin/sh", "-c", "a\n\tb"] } }), []);
});
