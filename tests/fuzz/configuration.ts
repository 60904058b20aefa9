/**
 * `config.toml` (spec, section 9).
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseBidCommitment } from "../../src/auction/protocol/bid_commitment.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { type Config, loadConfig } from "../../src/config/load.ts";
import { schemaSections } from "../config/schema_keys.ts";
import { family, unlessRejected } from "./family.ts";
import { mutatedText } from "./mutation.ts";
import { comment, layout, TOML_PIECES, value } from "./toml_text.ts";

const SECRET = "s3cr3tWORD";
/** A text that only the schema's own keys with secrets have. */
const secretUrl = `"https://user:${SECRET}@host.example/${SECRET}?key=${SECRET}"`;
const command = `["/bin/sh", "-c", "${SECRET}"]`;

/** Values that fit, by key; a key that is not here gets any. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  network: [
    '"finney"',
    '"test"',
    '"ws://127.0.0.1:9944"',
    `"wss://node.example/${SECRET}"`,
    '["finney", "ws://a:1"]',
  ],
  netuid: ["89", "0", "65535"],
  name: ['"default"'],
  hotkey_name: ['"rig 1"'],
  directory: ['"~/.bittensor/wallets"', '"/w"'],
  mode: ['"ihp"', '"braiins"', '"asic"', '"off"'],
  pools_path: ['"/etc/ihp/pools.toml"'],
  profile_path: ['"profile.toml"'],
  reload: ['"sentinel"', '"signal"', '"command"', '"none"'],
  signal: ['"SIGHUP"', '"SIGUSR1"'],
  reload_command: [command],
  stale_after: ['"2 windows"', '"30 min"', '"3 h"'],
  on_stale: ['"keep"', '"release"'],
  on_ambiguous: ['"deliver-safe"', '"deliver-certain"'],
  share: ['"0.5"', "1", "0.25"],
  engine: ['"auto"', '"glpk"', '"cbc"'],
  cbc_time_limit: ['"8 min"', "30"],
  snapshots: ["0", "100"],
  ledger: ["true"],
  enabled: ["true", "false"],
  listen: ['"127.0.0.1:9464"', '"[::]:80"'],
  subnet_pool: ["0", "1"],
  fallback_pool: ["2"],
  timeout: ["5", '"5 s"'],
  address: ['"192.168.1.21"', '"miner.local:4028"', '"[fe80::1]:4028"'],
  hashrate: ['"0.2"', "0.2"],
  on_result: [command],
  on_won: [command],
  webhook: [secretUrl],
  webhook_format: ['"json"', '"slack"', '"discord"'],
  no_win_windows: ["3"],
  account: ['"sn89auction"'],
  warn_below: ['"0.9"', "0.9"],
  alert_below: ['"0.2"', "0.2"],
  workers_api: [secretUrl],
  url: [secretUrl],
  metric: ['"hashrate"', "'hashrate{pool=\"central-proxy\"}'"],
  unit: ['"TH/s"'],
  alternative: ['"0.95"', "1.0"],
  price_multiplier: ['"1.05"', '"1.00"', "1.05"],
  hashrates: ['["0.45", "0.45"]', '{ "0.1" = 3 }'],
  worker_sizes: ['{ "0.45" = 2, "0.25" = 4 }', "{ 0.45 = 2 }"],
};

/** The sections that are lists of tables. */
const LISTS = ["routing.targets", "asic.miners", "delivery.sources", "workers.tiers"];
/** The sections that each file has. */
const REQUIRED = ["bittensor", "wallet", "workers"];
/** The keys that each file has; further keys may contradict them. */
const ALWAYS = ["network", "netuid", "hotkey_name", "directory", "address", "hashrate"];

function row(key: string): fc.Arbitrary<readonly string[]> {
  const fitting = fc.constantFrom(...FITTING[key] ?? ['"x"', "1", "true"]);
  const weight = ALWAYS.includes(key) ? 40 : 4;
  const isWallet = key === "name";
  return fc.tuple(
    fc.oneof(
      { weight, arbitrary: fitting.map((text) => [text]) },
      { weight: 1, arbitrary: value.map((text) => [text]) },
      { weight: ALWAYS.includes(key) || isWallet ? 1 : 12, arbitrary: fc.constant<string[]>([]) },
    ),
    comment,
  ).map(([texts, end]) => texts.map((text) => `${key} = ${text}${end}`));
}

const sections = [...schemaSections()].map(([name, keys]) => {
  const rows = fc.tuple(
    ...Object.keys(keys).filter((key) => !schemaSections().has(`${name}.${key}`)).map(row),
  );
  const header = LISTS.includes(name) ? `[[${name}]]` : `[${name}]`;
  const section = rows.map((lines) => [header, ...lines.flat()]);
  return REQUIRED.includes(name)
    ? fc.oneof({ weight: 40, arbitrary: section }, { weight: 1, arbitrary: fc.constant<string[]>([]) })
    : fc.oneof({ weight: 1, arbitrary: section }, { weight: 3, arbitrary: fc.constant<string[]>([]) });
});

const wellFormed = fc.tuple(fc.tuple(...sections), layout).map(([parts, write]) => write(parts.flat()));

/** Loads a text; `null` if it is refused. */
async function load(text: string): Promise<Config | null> {
  const files = { readTextFile: () => Promise.resolve(text), exists: () => false };
  const loading = loadConfig("/etc/config.toml", { HOME: "/home/op" }, files);
  await loading.catch((error) =>
    assert.ok(!String(error.message).includes(SECRET), "the message has a secret")
  );
  return await unlessRejected([ConfigError], loading);
}

/** Checks what a configuration that was accepted says. */
function checkConfig(config: Config): void {
  const { netuid, endpoints, staleness, solver, workers, effective, keptSnapshots } = config;
  assert.ok(Number.isInteger(netuid) && netuid >= 0 && netuid <= 65_535, `netuid is ${netuid}`);
  assert.ok(endpoints.length > 0 && endpoints.every((url) => /^wss?:$/.test(new URL(url).protocol)));
  for (const seconds of [staleness.afterSeconds, solver.cbcTimeLimitSeconds]) {
    assert.ok(seconds > 0 && seconds < 1e9, `${seconds} s`);
  }
  assert.ok(Number.isInteger(keptSnapshots) && keptSnapshots >= 0);
  assert.ok(!Deno.inspect(effective, { depth: 9 }).includes(SECRET), "the effective settings show a secret");
  if (workers instanceof ConfigError) {
    return assert.ok(!workers.message.includes(SECRET), "the mistake in [workers] shows a secret");
  }
  const { text, totalWorkers } = workers.commitment;
  const bytes = new TextEncoder().encode(text);
  const reading = parseBidCommitment(bytes, null);
  assert.ok(bytes.length <= 128 && reading.kind === "bids", `validators cannot read ${text}`);
  assert.equal(reading.bids.reduce((sum, { count }) => sum + count, 0), totalWorkers);
}

/** Files with the schema's keys. */
export const configurations = family({
  name: "configuration",
  holds:
    "a configuration becomes a bid that validators can read, or is refused with ConfigError without a secret",
  sample: 60,
  cases: wellFormed,
  check: async (text) => {
    const config = await load(text);
    if (config !== null) checkConfig(config);
  },
});

/** Files with mistakes. */
export const brokenConfigurations = family({
  name: "config-broken",
  holds:
    "a damaged configuration is refused with ConfigError without a secret, or keeps within the same limits",
  sample: 60,
  cases: mutatedText(wellFormed, TOML_PIECES),
  check: async (text) => {
    const config = await load(text);
    if (config !== null) checkConfig(config);
  },
});
