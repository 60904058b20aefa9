import assert from "node:assert/strict";
import { ConfigError } from "../../src/config/errors.ts";
import { type Config, loadConfig } from "../../src/config/load.ts";
import { parseFp18 } from "../../src/auction/protocol/fp18.ts";

const GOOD = `[bittensor]
network = "finney"
netuid = 89
[wallet]
name = "w"
hotkey_name = "h"
directory = "/w"
[workers]
price_multiplier = "1"
worker_sizes = { "0.45" = 1 }
`;

function load(section: string): Promise<Config> {
  const readTextFile = (): Promise<string> => Promise.resolve(GOOD + section);
  return loadConfig("/etc/c.toml", { HOME: "/home/op" }, { readTextFile, exists: () => false });
}

Deno.test("[economics] alternative is the hashprice, or another multiple of it", async () => {
  const cases = [["", "1"], ['[economics]\nalternative = "0.985"\n', "0.985"], [
    "[economics]\nalternative = 0\n",
    "0",
  ]];
  for (const [section, expected] of cases) {
    const { economics } = await load(section!);
    assert.equal(economics.alternativeFp18, parseFp18(expected!));
  }
});

Deno.test("[economics] alternative is refused where it cannot be a multiple of the hashprice", async () => {
  for (
    const [value, problem] of [['"-0.1"', "it is -0.1"], ['"49.9"', "it is 49.9"], ['"much"', "decimal"]]
  ) {
    await assert.rejects(load(`[economics]\nalternative = ${value}\n`), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /\[economics\] alternative/);
      assert.ok(error.message.includes(problem!), error.message);
      return true;
    });
  }
});
