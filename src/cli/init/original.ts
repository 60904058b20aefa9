/**
 * Takes over what there is: the Python original's installation, or a configuration of ih-miner itself.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { osConfigFiles } from "../../config/load.ts";
import { osFiles } from "../../delivery/proxies/files.ts";
import { isTable, parseToml } from "../../lib/toml.ts";
import type { ProxyKind } from "../commands.ts";
import type { Answers } from "./answers.ts";

/** An installation's settings as answers. */
export interface Found {
  /** Its `config.toml`. */
  readonly configPath: string;
  readonly answers: Answers;
}

/** Where the original's compose file mounts the proxies' files from, beside its `config.toml`. */
const PROXY_FILES: readonly (readonly [ProxyKind, string])[] = [
  ["ihp", "proxy/pools.toml"],
  ["ihp", "src/proxy/pools.toml"],
  ["ihp", "pools.toml"],
  ["braiins", "brainsproxy/active_profile.toml"],
  ["braiins", "src/brainsproxy/active_profile.toml"],
  ["braiins", "active_profile.toml"],
];

/** Folders whose subfolders may hold an installation. */
const USUAL_PLACES = ["/opt", "/srv", "/root"];

/** Looks where installations usually are: here, in the home folder, and one level below `/opt`, `/srv` and `/root`. */
export async function findOriginals(
  home: string | undefined,
  places: readonly string[] = USUAL_PLACES,
): Promise<Found[]> {
  const roots = [...(home === undefined ? [] : [home]), ...places];
  const folders = [".", ...roots.flatMap((root) => [root, ...foldersIn(root)])];
  const found = await Promise.all([...new Set(folders.map((each) => resolve(each)))].map(takeOver));
  return found.filter((each) => each !== null);
}

/** The settings of the installation in a folder; `null` without a `config.toml` for a miner in it. */
export async function takeOver(folder: string): Promise<Found | null> {
  const configPath = join(resolve(folder), "config.toml");
  let file: Record<string, unknown>;
  try {
    // A pipe would keep its reader waiting.
    if (await osFiles.kindOf(configPath) !== "file") return null;
    file = parseToml(await osConfigFiles.readTextFile(configPath), { source: configPath });
  } catch {
    // No such file, not ours to read, or of another program.
    return null;
  }
  const { bittensor, wallet, workers, routing } = file;
  if (!isTable(bittensor) || !isTable(wallet) || !isTable(workers)) return null;
  const network = Array.isArray(bittensor.network) ? bittensor.network.join(",") : bittensor.network;
  const answers = {
    network: textOf(network),
    netuid: textOf(bittensor.netuid),
    walletDir: textOf(wallet.directory),
    walletName: textOf(wallet.name),
    hotkeyName: textOf(wallet.hotkey_name),
    price: textOf(workers.price_multiplier),
    sizes: sizesOf(workers.worker_sizes ?? workers.hashrates),
    ...proxyOf(folder, isTable(routing) ? routing : {}),
  };
  const known = Object.entries(answers).filter(([, value]) => value !== undefined);
  return { configPath, answers: Object.fromEntries(known) as Answers };
}

function proxyOf(folder: string, routing: Record<string, unknown>): Record<string, string | undefined> {
  const poolName = textOf(routing.subnet_pool_name);
  if (typeof routing.pools_path === "string") {
    return { proxy: "ihp", proxyFile: routing.pools_path, poolName };
  }
  if (typeof routing.profile_path === "string") return { proxy: "braiins", proxyFile: routing.profile_path };
  for (const [proxy, name] of PROXY_FILES) {
    const proxyFile = join(resolve(folder), name);
    if (isFile(proxyFile)) return { proxy, proxyFile, poolName };
  }
  return {};
}

/** `{ "0.45" = 2 }` or `["0.45", "0.45"]` as `0.45x2`. */
function sizesOf(value: unknown): string | undefined {
  const counts = new Map<string, unknown>();
  if (Array.isArray(value)) {
    for (const size of value) counts.set(String(size), Number(counts.get(String(size)) ?? 0) + 1);
  } else if (isTable(value)) {
    for (const [size, count] of Object.entries(value)) counts.set(size, count);
  }
  return counts.size === 0 ? undefined : [...counts].map(([size, count]) => `${size}x${count}`).join(",");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function foldersIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => join(folder, name)).sort();
  } catch {
    return [];
  }
}
