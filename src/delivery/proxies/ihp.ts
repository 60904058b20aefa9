/**
 * InfiniteHash Proxy: the subnet's share of `pools.toml` (spec, section 6).
 *
 * @module
 */

import { isTable, parseToml } from "../../lib/toml.ts";
import { editToml, type TomlEdit } from "../../lib/toml_edit.ts";
import { stripSpace } from "../../auction/protocol/python_text.ts";
import type { PoolIdentity } from "../../auction/credit/identity.ts";
import { RoutingError } from "./errors.ts";
import { formatTerahash, sumSizesPh } from "./hashrate.ts";
import { type FileEdit, type RoutedValue, shownValue, writtenIdentity } from "./file_edit.ts";

/** The subnet's pool if neither configuration nor environment names one. */
export const DEFAULT_SUBNET_POOL_NAME = "central-proxy";

/** Options of {@linkcode editPools}. */
export interface EditPoolsOptions {
  /** The pool to route to; compared trimmed and case-insensitively. An empty name matches nothing. */
  readonly subnetPoolName: string;
  /** The won sizes, one per worker, as decimal text in PH/s. */
  readonly wonSizes: readonly string[];
  /** The share of them that this proxy delivers, above 0 up to 1. @default {1} */
  readonly share?: number;
  /** @default "pools.toml" */
  readonly path?: string;
}

/**
 * Sets `target_hashrate = "<won>TH/s"` in every `[[pools.main]]` with the subnet pool's name, in place of its `weight`.
 *
 * @param before the file's text
 * @throws {TomlError} when the text is not TOML
 * @throws {RoutingError} `no-pool` when no pool matches
 */
export function editPools(before: string, options: EditPoolsOptions): FileEdit {
  const { subnetPoolName, wonSizes, share = 1, path = "pools.toml" } = options;
  const value = `${formatTerahash(sumSizesPh(wonSizes) * 1000 * share)}TH/s`;
  const pools = mainPools(parseToml(before, { source: path, bigintIntegers: "always" }));
  const matching = pools.filter(isNamed(subnetPoolName));
  if (matching.length === 0) throw noPool(path, subnetPoolName, pools.map(({ name }) => name));

  const edits: TomlEdit[] = [];
  const values: RoutedValue[] = [];
  for (const { index, name, pool } of matching) {
    const table = ["pools", "main", index];
    const hasTarget = Object.hasOwn(pool, "target_hashrate");
    const hasWeight = Object.hasOwn(pool, "weight");
    values.push({
      key: `pools.main[${index}] "${name}" target_hashrate`,
      previous: shownValue(pool["target_hashrate"]),
      value,
    });
    if (hasWeight) {
      values.push({
        key: `pools.main[${index}] "${name}" weight`,
        previous: shownValue(pool["weight"]),
        value: null,
      });
    }
    if (hasWeight && !hasTarget) {
      edits.push({ op: "replace", table, key: "weight", newKey: "target_hashrate", value });
      continue;
    }
    if (hasWeight) edits.push({ op: "remove", table, key: "weight" });
    if (pool["target_hashrate"] !== value) edits.push({ op: "set", table, key: "target_hashrate", value });
  }
  const after = edits.length === 0 ? before : editToml(before, edits, { source: path });
  return { changed: edits.length > 0, after, values, skipped: null };
}

/**
 * The `worker_id` of every `[[pools.main]]` with the subnet pool's name.
 *
 * @throws {TomlError} when the text is not TOML
 */
export function poolIdentities(
  text: string,
  { subnetPoolName, path }: { readonly subnetPoolName: string; readonly path: string },
): PoolIdentity[] {
  return mainPools(parseToml(text, { source: path })).filter(isNamed(subnetPoolName))
    .map(({ index, name, pool }) => ({
      place: `pools.main[${index}] "${name}"`,
      key: "worker_id",
      workerId: writtenIdentity(pool["worker_id"]),
    }));
}

/**
 * The names of all `[[pools.main]]`.
 *
 * @throws {TomlError} when the text is not TOML
 */
export function poolNames(text: string, path: string): string[] {
  return mainPools(parseToml(text, { source: path })).map(({ name }) => name);
}

function isNamed(subnetPoolName: string): (pool: Pool) => boolean {
  const wanted = stripSpace(subnetPoolName).toLowerCase();
  return ({ name }) => wanted !== "" && stripSpace(name).toLowerCase() === wanted;
}

interface Pool {
  readonly index: number;
  readonly name: string;
  readonly pool: Record<string, unknown>;
}

function mainPools(data: Record<string, unknown>): Pool[] {
  const pools = data["pools"];
  const main = isTable(pools) ? pools["main"] : undefined;
  if (!Array.isArray(main)) return [];
  return main.flatMap((pool: unknown, index) =>
    isTable(pool) ? [{ index, name: nameOf(pool["name"]), pool }] : []
  );
}

/** A name that is not a string counts as written; a pool without a name has the empty one. */
function nameOf(name: unknown): string {
  if (typeof name === "number" && Number.isInteger(name)) return name.toFixed(1);
  return typeof name === "string" || typeof name === "bigint" || typeof name === "number" ? String(name) : "";
}

function noPool(path: string, subnetPoolName: string, names: readonly string[]): RoutingError {
  const found = names.length === 0
    ? "it has no [[pools.main]]"
    : `its pools are ${names.map((name) => JSON.stringify(name)).join(", ")}`;
  return new RoutingError(
    "no-pool",
    path,
    `Cannot route in ${path}: no [[pools.main]] is named ${JSON.stringify(subnetPoolName)} (${found}); ` +
      "name the subnet's pool there, or set subnet_pool_name to its name",
  );
}
