/**
 * `[asic]`: the miners that are switched directly, for hosts without a proxy.
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
import { readDecimal } from "./decimal.ts";
import { parseDurationSeconds } from "./duration.ts";
import { type EffectiveSettings, inFile } from "./effective.ts";
import type { ConfigIssue } from "./errors.ts";
import { formatListenAddress, type ListenAddress, parseListenAddress } from "../lib/listen_address.ts";
import type { ConfigFile } from "./schema.ts";
import { describeHost, keyOf, tell } from "./shape.ts";

/** No machine comes near it; more is TH/s. */
const MAX_HASHRATE_PH = 5n;
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
    const place = { section: `asic.miners[${i}]`, key };
    const miner = resolveMiner(entry, { settings, issues, ...place, common: section, defaults });
    if (miner === null) return [];
    const labels: [name: string, value: string][] = [
      ["address", minerAddress(miner).toLowerCase()],
      ["name", miner.name],
    ];
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

interface MinerContext {
  readonly settings: EffectiveSettings;
  readonly issues: ConfigIssue[];
  /** For {@link EffectiveSettings}. */
  readonly section: string;
  /** A key of the machine, for messages. */
  readonly key: (name: string) => string;
  /** What `[asic]` says for all machines. */
  readonly common: AsicSection;
  readonly defaults: { readonly subnetPool: number; readonly fallbackPool: number };
}

function resolveMiner(entry: MinerSection, context: MinerContext): AsicMiner | null {
  const { settings, issues, section, key, common, defaults } = context;
  const before = issues.length;
  const refuse = (name: string, message: string): void => {
    issues.push({ key: key(name), message });
  };
  const address = checkAddress(entry.address, refuse);
  const hashrateFp18 = checkHashrate(entry.hashrate, refuse);
  const shownAddress = address === null ? "" : formatListenAddress(address);
  settings.pick(section, "address", [inFile(entry.address)], null);
  settings.pick(section, "hashrate", [inFile(entry.hashrate)], null);
  const name = settings.pick(section, "name", [inFile(entry.name)], shownAddress);
  const subnetPool = settings.pick(
    section,
    "subnet_pool",
    [inFile(entry.subnet_pool), inFile(common.subnet_pool)],
    defaults.subnetPool,
  );
  const fallbackPool = settings.pick(
    section,
    "fallback_pool",
    [inFile(entry.fallback_pool), inFile(common.fallback_pool)],
    defaults.fallbackPool,
  );
  if (subnetPool === fallbackPool) {
    refuse(
      "fallback_pool",
      `must be another pool than subnet_pool; both are ${subnetPool}, set them here or in [asic]`,
    );
  }
  if (issues.length > before || address === null || hashrateFp18 === null) return null;
  const { hostname: host, port } = address;
  return { name, host, port, hashrateFp18, subnetPool, fallbackPool };
}

type Refuse = (name: string, message: string) => void;

function checkAddress(text: string | undefined, refuse: Refuse): ListenAddress | null {
  if (text === undefined) {
    refuse("address", 'is missing; set the machine\'s address, such as "192.168.1.21"');
    return null;
  }
  const address = parseMinerAddress(text);
  if (address === null) {
    const forms = `"192.168.1.21" or "192.168.1.21:${DEFAULT_API_PORT}"`;
    refuse("address", `must be an address such as ${forms}; ${tell(text, describeHost)}`);
  }
  return address;
}

/** PH/s × 10^18. */
function checkHashrate(value: unknown, refuse: Refuse): bigint | null {
  if (value === undefined) {
    refuse("hashrate", 'is missing; set what the machine delivers in PH/s, for example "0.2"');
    return null;
  }
  const hashrate = readDecimal(value);
  if ("problem" in hashrate) {
    refuse("hashrate", hashrate.problem);
    return null;
  }
  const { text, fp18 } = hashrate;
  if (fp18 <= 0n) refuse("hashrate", `must be above 0; it is ${text}`);
  else if (fp18 > MAX_HASHRATE_PH * 10n ** 18n) {
    const meant = `${text} TH/s is "${formatFp18(fp18 / 1000n)}"`;
    refuse("hashrate", `is in PH/s, and no machine delivers more than ${MAX_HASHRATE_PH}; ${meant}`);
  } else if (fp18 % 10n ** BigInt(18 - MAX_HASHRATE_DECIMALS) !== 0n) {
    refuse("hashrate", `must have at most ${MAX_HASHRATE_DECIMALS} decimals; it is ${text}`);
  }
  return fp18;
}

/** `192.168.1.21`, `miner-7.lan:4028`, `[fd00::7]`. */
function parseMinerAddress(text: string): ListenAddress | null {
  const trimmed = text.trim();
  return parseListenAddress(trimmed) ?? parseListenAddress(`${trimmed}:${DEFAULT_API_PORT}`);
}
