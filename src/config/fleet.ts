/**
 * `[asic]`: the miners that are switched directly, for hosts without a proxy.
 *
 * @module
 */

import { type AsicMiner, DEFAULT_API_PORT, type FleetConfig, minerAddress } from "../asic/fleet_config.ts";
import { formatFp18 } from "../protocol/fp18.ts";
import { readDecimal } from "./decimal.ts";
import { parseDurationSeconds } from "./duration.ts";
import { type EffectiveSettings, inFile } from "./effective.ts";
import type { ConfigIssue } from "./errors.ts";
import { formatListenAddress, parseListenAddress } from "./listen.ts";
import { type ConfigFile, keyOf } from "./schema.ts";

/** Decimals beyond these say nothing of a machine, and would make the choice among many slow. */
const MAX_HASHRATE_DECIMALS = 6;

/** What {@link resolveFleet} works with. */
export interface FleetSources {
  readonly section: ConfigFile["asic"];
  readonly settings: EffectiveSettings;
  /** Takes what is wrong. */
  readonly issues: ConfigIssue[];
}

type AsicSection = NonNullable<ConfigFile["asic"]>;
type MinerSection = NonNullable<AsicSection["miners"]>[number];

/** The miners of `[asic]`; `null` when there is no such section, or it has mistakes. */
export function resolveFleet({ section, settings, issues }: FleetSources): FleetConfig | null {
  if (section === undefined) return null;
  const defaults = {
    subnetPool: settings.pick("asic", "subnet_pool", [inFile(section.subnet_pool)], 1),
    fallbackPool: settings.pick("asic", "fallback_pool", [inFile(section.fallback_pool)], 0),
  };
  const share = settings.pick("asic", "share", [inFile(section.share)], 1);
  const timeout = settings.pick("asic", "timeout", [inFile(section.timeout)], "5s");
  const entries = section.miners ?? [];
  if (entries.length === 0) {
    issues.push({
      key: "[asic] miners",
      message: "lists no miner; add a [[asic.miners]] with address and hashrate for each, or remove [asic]",
    });
    return null;
  }
  const owners = new Map<string, string>();
  const miners = entries.flatMap((entry, i): AsicMiner[] => {
    const key = (name: string): string => keyOf(["asic", "miners", i, name]);
    const miner = resolveMiner(entry, { settings, issues, section: `asic.miners[${i}]`, key, defaults });
    if (miner === null) return [];
    const labels: [name: string, value: string][] = [["address", minerAddress(miner)], ["name", miner.name]];
    for (const [name, value] of labels) {
      const owner = owners.get(`${name} ${value}`);
      if (owner !== undefined) {
        issues.push({ key: key(name), message: `is that of ${owner}, too (${value}); remove one of them` });
      }
      owners.set(`${name} ${value}`, `miners[${i}]`);
    }
    return [miner];
  });
  // The schema takes no other text.
  return { miners, share, timeoutMs: parseDurationSeconds(timeout)! * 1000 };
}

interface MinerContext extends Omit<FleetSources, "section"> {
  readonly section: string;
  readonly key: (name: string) => string;
  readonly defaults: { readonly subnetPool: number; readonly fallbackPool: number };
}

function resolveMiner(entry: MinerSection, context: MinerContext): AsicMiner | null {
  const { settings, issues, section, key, defaults } = context;
  const address = entry.address === undefined ? null : parseMinerAddress(entry.address);
  const hashrate = readDecimal(entry.hashrate);
  const problems: [name: string, message: string][] = [];
  if (entry.address === undefined) {
    problems.push(["address", 'is missing; set the machine\'s address, such as "192.168.1.21"']);
  } else if (address === null) {
    problems.push([
      "address",
      `must be an address such as "192.168.1.21" or "192.168.1.21:${DEFAULT_API_PORT}"; it is "${entry.address}"`,
    ]);
  }
  if (entry.hashrate === undefined) {
    problems.push(["hashrate", 'is missing; set what the machine delivers in PH/s, for example "0.2"']);
  } else if ("problem" in hashrate) {
    problems.push(["hashrate", hashrate.problem]);
  } else if (hashrate.fp18 <= 0n) {
    problems.push(["hashrate", `must be above 0; it is ${hashrate.text}`]);
  } else if (hashrate.fp18 % 10n ** BigInt(18 - MAX_HASHRATE_DECIMALS) !== 0n) {
    problems.push([
      "hashrate",
      `must have at most ${MAX_HASHRATE_DECIMALS} decimals; it is ${hashrate.text}`,
    ]);
  }
  const subnetPool = settings.pick(section, "subnet_pool", [inFile(entry.subnet_pool)], defaults.subnetPool);
  const fallbackPool = settings.pick(
    section,
    "fallback_pool",
    [inFile(entry.fallback_pool)],
    defaults.fallbackPool,
  );
  if (subnetPool === fallbackPool) {
    problems.push([
      "fallback_pool",
      `must be another pool than subnet_pool; both are ${subnetPool}, set them here or in [asic]`,
    ]);
  }
  issues.push(...problems.map(([name, message]) => ({ key: key(name), message })));
  if (problems.length > 0 || address === null || "problem" in hashrate) return null;
  const shownAddress = formatListenAddress(address);
  settings.pick(section, "address", [inFile(entry.address)], shownAddress);
  settings.pick(section, "hashrate", [inFile(hashrate.text)], formatFp18(hashrate.fp18));
  const name = settings.pick(section, "name", [inFile(entry.name)], shownAddress);
  const { hostname: host, port } = address;
  return { name, host, port, hashrateFp18: hashrate.fp18, subnetPool, fallbackPool };
}

/** `192.168.1.21`, `miner-7.lan:4028`, `[fd00::7]`. */
function parseMinerAddress(text: string): ReturnType<typeof parseListenAddress> {
  const trimmed = text.trim();
  return parseListenAddress(trimmed) ?? parseListenAddress(`${trimmed}:${DEFAULT_API_PORT}`);
}
