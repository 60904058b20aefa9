/**
 * `[asic]`: the miners that the agent switches directly, for hosts without a proxy.
 *
 * @module
 */

import {
  type AsicMiner,
  DEFAULT_API_PORT,
  type FleetConfig,
  minerAddress,
} from "../delivery/asics/fleet_config.ts";
import { formatFp18 } from "../auction/protocol/fp18.ts";
import { formatListenAddress, type ListenAddress, parseListenAddress } from "../lib/listen_address.ts";
import { inFile, type Resolution, type Section } from "./effective.ts";
import { readDecimal } from "./quantities.ts";
import type { ConfigFile } from "./schema.ts";
import { describeHost, tell } from "./shape.ts";

/** More than any machine delivers; a higher number is meant in TH/s. */
const MAX_HASHRATE_PH = 5n;
/** More decimals are meaningless for a machine, and would slow down the choice among many machines. */
const MAX_HASHRATE_DECIMALS = 6;
const SUBNET_POOL = 1;
const FALLBACK_POOL = 0;

type AsicSection = NonNullable<ConfigFile["asic"]>;
type MinerSection = Section<NonNullable<AsicSection["miners"]>[number]>;

/** Resolves `[asic]`; `null` when the section is absent or lists no miner. */
export function resolveFleet(values: ConfigFile["asic"], resolution: Resolution): FleetConfig | null {
  if (values === undefined) return null;
  const section = resolution.section("asic", values);
  section.pick("subnet_pool", SUBNET_POOL);
  section.pick("fallback_pool", FALLBACK_POOL);
  const share = section.pick("share", 1);
  const timeoutMs = section.pickSeconds("timeout", "5s") * 1000;
  const entries = values.miners ?? [];
  if (entries.length === 0) {
    return section.refuse(
      "miners",
      "lists no miner; add a [[asic.miners]] with address and hashrate for each, or remove [asic]",
    );
  }
  const owners = new Map<string, string>();
  const miners = entries.flatMap((entry, i): AsicMiner[] => {
    const table = resolution.section(`asic.miners[${i}]`, entry);
    const issuesBefore = resolution.issues.length;
    const miner = resolveMiner(table, values);
    if (miner === null || resolution.issues.length > issuesBefore) return [];
    for (
      const [key, value] of [["address", minerAddress(miner).toLowerCase()], ["name", miner.name]] as const
    ) {
      const owner = owners.get(`${key} ${value}`);
      if (owner !== undefined) table.refuse(key, `is also that of ${owner} (${value}); remove one of them`);
      owners.set(`${key} ${value}`, `miners[${i}]`);
    }
    return [miner];
  });
  return { miners, share, timeoutMs };
}

/** One machine; `null` when its address or hashrate cannot be read. */
function resolveMiner(table: MinerSection, common: AsicSection): AsicMiner | null {
  const { values } = table;
  const address = checkAddress(table);
  const hashrateFp18 = checkHashrate(table);
  table.pick("address", null);
  table.pick("hashrate", null);
  const name = table.pick("name", address === null ? "" : formatListenAddress(address));
  const subnetPool = table.choose(
    "subnet_pool",
    [inFile(values.subnet_pool), inFile(common.subnet_pool)],
    SUBNET_POOL,
  );
  const fallbackPool = table.choose(
    "fallback_pool",
    [inFile(values.fallback_pool), inFile(common.fallback_pool)],
    FALLBACK_POOL,
  );
  if (subnetPool === fallbackPool) {
    table.refuse(
      "fallback_pool",
      `must differ from subnet_pool; both are ${subnetPool}, set them here or in [asic]`,
    );
  }
  if (address === null || hashrateFp18 === null) return null;
  const { hostname: host, port } = address;
  return { name, host, port, hashrateFp18, subnetPool, fallbackPool };
}

/** `192.168.1.21`, `miner-7.lan:4028`, `[fd00::7]`. */
function checkAddress(table: MinerSection): ListenAddress | null {
  const text = table.values.address;
  if (text === undefined) {
    return table.refuse("address", 'is missing; set the machine\'s address, such as "192.168.1.21"');
  }
  const trimmed = text.trim();
  const forms = `"192.168.1.21" or "192.168.1.21:${DEFAULT_API_PORT}"`;
  return parseListenAddress(trimmed) ?? parseListenAddress(`${trimmed}:${DEFAULT_API_PORT}`) ??
    table.refuse("address", `must be an address such as ${forms}; ${tell(text, describeHost)}`);
}

/** PH/s × 10^18. */
function checkHashrate(table: MinerSection): bigint | null {
  const value = table.values.hashrate;
  if (value === undefined) {
    return table.refuse("hashrate", 'is missing; set what the machine delivers in PH/s, for example "0.2"');
  }
  const hashrate = readDecimal(value);
  if ("problem" in hashrate) return table.refuse("hashrate", hashrate.problem);
  const { text, fp18 } = hashrate;
  if (fp18 <= 0n) return table.refuse("hashrate", `must be above 0; it is ${text}`);
  if (fp18 > MAX_HASHRATE_PH * 10n ** 18n) {
    const meant = `${text} TH/s is "${formatFp18(fp18 / 1000n)}"`;
    return table.refuse(
      "hashrate",
      `is in PH/s, and no machine delivers more than ${MAX_HASHRATE_PH}; ${meant}`,
    );
  }
  if (fp18 % 10n ** BigInt(18 - MAX_HASHRATE_DECIMALS) === 0n) return fp18;
  return table.refuse("hashrate", `must have at most ${MAX_HASHRATE_DECIMALS} decimals; it is ${text}`);
}
