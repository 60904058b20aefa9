/**
 * Braiins Farm Proxy: the weights of two goals in `active_profile.toml` (spec, section 6).
 *
 * @module
 */

import { isTable, parseToml } from "../../lib/toml.ts";
import { editToml, type TomlEdit, type TomlPath } from "../../lib/toml_edit.ts";
import { roundHalfEven } from "../../auction/protocol/integer_math.ts";
import type { PoolIdentity } from "../../auction/credit/identity.ts";
import { RoutingError } from "./errors.ts";
import { sumSizesPh } from "./hashrate.ts";
import { type FileEdit, type RoutedValue, shownValue, writtenIdentity } from "./file_edit.ts";

/** The goal of the subnet's hashrate. */
export const SUBNET_GOAL_NAME = "InfiniteHashLuxorGoal";
/** The goal of the remaining hashrate. */
export const DEFAULT_GOAL_NAME = "MinerDefaultGoal";

/** The sum of both weights. */
const WHOLE_WEIGHT = 2 ** 32;

/** Options of {@linkcode editProfile}. */
export interface EditProfileOptions {
  /** The won sizes, one per worker, as decimal text in PH/s. */
  readonly wonSizes: readonly string[];
  /** The lost sizes, likewise. */
  readonly lostSizes: readonly string[];
  /** @default "active_profile.toml" */
  readonly path?: string;
}

/**
 * Divides 2^32 between the two goals in the ratio of won to lost. Without any hashrate the text stays unchanged.
 *
 * @param before the file's text
 * @throws {TomlError} when the text is not TOML
 * @throws {RoutingError} `no-goal` when one of the two goals is missing
 */
export function editProfile(before: string, options: EditProfileOptions): FileEdit {
  const { wonSizes, lostSizes, path = "active_profile.toml" } = options;
  const wonPh = sumSizesPh(wonSizes);
  const totalPh = wonPh + sumSizesPh(lostSizes);
  if (totalPh <= 0) return { changed: false, after: before, values: [], skipped: "no-hashrate" };

  const goals = routingGoals(parseToml(before, { source: path, bigintIntegers: "always" }));
  const share = Math.min(1, Math.max(0, wonPh / totalPh));
  const subnetWeight = Number(roundHalfEven(WHOLE_WEIGHT * share));
  const edits: TomlEdit[] = [];
  const values: RoutedValue[] = [];
  for (
    const [name, value] of [
      [SUBNET_GOAL_NAME, subnetWeight],
      [DEFAULT_GOAL_NAME, WHOLE_WEIGHT - subnetWeight],
    ] as const
  ) {
    const found = goals.find(({ goal }) => goal["name"] === name);
    if (found === undefined) throw noGoal(path, name);
    const previous = found.goal["hr_weight"];
    const isRight = (typeof previous === "bigint" || typeof previous === "number") &&
      Number(previous) === value;
    values.push({ key: `routing.goal "${name}" hr_weight`, previous: shownValue(previous), value });
    if (!isRight) edits.push({ op: "set", table: found.table, key: "hr_weight", value });
  }
  const after = edits.length === 0 ? before : editToml(before, edits, { source: path });
  return { changed: edits.length > 0, after, values, skipped: null };
}

/**
 * The `user_identity` of every `[[target]]` that a level of the subnet's goal names; none where identities pass through.
 *
 * @throws {TomlError} when the text is not TOML
 */
export function targetIdentities(text: string, { path }: { readonly path: string }): PoolIdentity[] {
  const data = parseToml(text, { source: path });
  const goal = routingGoals(data).find(({ goal }) => goal["name"] === SUBNET_GOAL_NAME)?.goal;
  const names = new Set(
    tablesOf(goal?.["level"]).flatMap(({ targets }) => Array.isArray(targets) ? targets : []),
  );
  return tablesOf(data["target"]).filter(({ name }) => names.has(name)).map((target) => ({
    place: `target ${JSON.stringify(target["name"])}`,
    key: "user_identity",
    workerId: target["identity_pass_through"] === true ? null : writtenIdentity(target["user_identity"]),
  }));
}

function tablesOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isTable) : [];
}

interface Goal {
  readonly table: TomlPath;
  readonly goal: Record<string, unknown>;
}

/** All goals of all routes, in the order of the file. */
function routingGoals(data: Record<string, unknown>): Goal[] {
  const routes: unknown = data["routing"];
  if (!Array.isArray(routes)) return [];
  return routes.flatMap((route: unknown, routeIndex) => {
    const goals = isTable(route) ? route["goal"] : undefined;
    if (!Array.isArray(goals)) return [];
    return goals.flatMap((goal: unknown, goalIndex) =>
      isTable(goal) ? [{ table: ["routing", routeIndex, "goal", goalIndex], goal }] : []
    );
  });
}

function noGoal(path: string, name: string): RoutingError {
  return new RoutingError(
    "no-goal",
    path,
    `Cannot route in ${path}: no [[routing.goal]] is named "${name}"; the profile needs both ` +
      `"${SUBNET_GOAL_NAME}" and "${DEFAULT_GOAL_NAME}"`,
  );
}
