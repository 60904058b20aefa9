/**
 * Which machines mine for the subnet: enough, with the least surplus, by the fewest changes. Pure.
 *
 * @module
 */

import { bigGcd } from "../../lib/gcd.ts";
import { bundleCount, closestSum, type PricedPart } from "./closest_sum.ts";

/**
 * What can be done with a machine.
 *
 * - `available`: it can be sent to either pool
 * - `reserve`: likewise, but it is used only when all that is available does not suffice
 * - `fixed-on-subnet`: it mines for the subnet whatever it is told
 * - `unavailable`: it does not count
 */
export type PlanState = "available" | "reserve" | "fixed-on-subnet" | "unavailable";

/** A machine as {@linkcode planFleet} sees it. */
export interface PlanMachine {
  /** What it contributes, PH/s × 10^18, not negative. */
  readonly hashrateFp18: bigint;
  readonly state: PlanState;
  /** Whether it mines for the subnet now. */
  readonly atSubnet: boolean;
}

/** Options of {@linkcode planFleet}. */
export interface PlanOptions {
  /** What has to be covered, PH/s × 10^18. */
  readonly needFp18: bigint;
  /**
   * Keep the machines that are at the subnet: when they cover the need, some of them may leave and none comes; when
   * they do not, some may come and none leaves. For the runs within one window.
   *
   * @default {false}
   */
  readonly keepPresent?: boolean;
}

/** What should mine for the subnet. */
export interface FleetPlan {
  /** By machine: whether it should. Those that are fixed there are not among them. */
  readonly chosen: readonly boolean[];
  /** Of the chosen and the fixed ones, PH/s × 10^18. */
  readonly coveredFp18: bigint;
}

/** Up to so many units of hashrate in all, the choice is exact, however long it takes: a quarter of a second. */
const EXACT_UNITS = 1 << 18;
/** So many steps of hashrate times different machines are gone through in about a fifth of a second. */
const WORK = 1 << 26;
const FEWEST_STEPS = 1 << 16;
/** More take too much memory. */
const MOST_STEPS = 1 << 22;
/** Sums of so many units are exact as doubles. */
const MAX_UNITS = 2n ** 52n;

/**
 * Chooses the machines that cover the need with the least surplus and, among equally good choices, by the fewest
 * changes of pool. If nothing covers it, all that can be had are chosen. Equal machines are chosen in their order,
 * and the same input gives the same choice.
 *
 * Exact as long as the hashrates together are at most 2^18 times their greatest common divisor, and for a dozen
 * machines up to 2^22 times. Beyond that it computes in about that many steps (2^16 for a thousand machines that all
 * differ) and keeps one real sum in each: what is chosen still covers the need, nothing of it is needless, and its
 * surplus is close to the least.
 */
export function planFleet(
  machines: readonly PlanMachine[],
  { needFp18, keepPresent = false }: PlanOptions,
): FleetPlan {
  const chosen = machines.map(() => false);
  const indexesOf = (state: PlanState): number[] =>
    machines.flatMap((machine, index) => machine.state === state ? [index] : []);
  const sum = (indexes: readonly number[]): bigint =>
    indexes.reduce((total, index) => total + machines[index]!.hashrateFp18, 0n);

  let covered = sum(indexesOf("fixed-on-subnet"));
  for (const state of ["available", "reserve"] as const) {
    const picked = pick(machines, indexesOf(state), needFp18 - covered, keepPresent);
    for (const index of picked) chosen[index] = true;
    covered += sum(picked);
  }
  return { chosen, coveredFp18: covered };
}

function pick(
  machines: readonly PlanMachine[],
  indexes: readonly number[],
  need: bigint,
  keepPresent: boolean,
): readonly number[] {
  if (!keepPresent) return cover(machines, indexes, need);
  const present = indexes.filter((index) => machines[index]!.atSubnet);
  const presentSum = present.reduce((sum, index) => sum + machines[index]!.hashrateFp18, 0n);
  if (presentSum >= need) return cover(machines, present, need);
  const absent = indexes.filter((index) => !machines[index]!.atSubnet);
  return [...present, ...cover(machines, absent, need - presentSum)];
}

/** Machines that are as good as each other. */
interface MachineClass {
  readonly hashrateFp18: bigint;
  readonly atSubnet: boolean;
  readonly indexes: number[];
}

/** The indexes that cover the need with the least surplus, by the fewest changes; all of them if none do. */
function cover(
  machines: readonly PlanMachine[],
  indexes: readonly number[],
  need: bigint,
): readonly number[] {
  if (need <= 0n) return [];
  const total = indexes.reduce((sum, index) => sum + machines[index]!.hashrateFp18, 0n);
  if (total <= need) return indexes;

  const classes = classesOf(machines, indexes);
  const divisor = indexes.reduce((unit, index) => bigGcd(unit, machines[index]!.hashrateFp18), 0n);
  // Beyond what doubles hold exactly, machines are rounded down and the need up.
  const unit = total / divisor <= MAX_UNITS ? divisor : ceilDivide(total, MAX_UNITS);
  const parts = classes.map(({ hashrateFp18, atSubnet, indexes }) => ({
    size: Number(hashrateFp18 / unit),
    count: indexes.length,
    cost: atSubnet ? -1 : 1,
  }));
  const needUnits = Number(ceilDivide(need, unit));
  const totalUnits = parts.reduce((sum, { size, count }) => sum + size * count, 0);
  if (totalUnits <= needUnits) return trim(machines, indexes, need);

  const affordable = WORK / bundleCount(parts);
  const isExact = totalUnits <= Math.max(EXACT_UNITS, Math.min(affordable, MOST_STEPS));
  const step = isExact ? 1 : Math.ceil(totalUnits / Math.min(MOST_STEPS, Math.max(FEWEST_STEPS, affordable)));
  const counts = countsToTake(parts, { need: needUnits, total: totalUnits, step });
  if (counts === null) return trim(machines, indexes, need);
  const picked = classes.flatMap(({ indexes }, i) => indexes.slice(0, counts[i]!)).sort((a, b) => a - b);
  return isExact && unit === divisor ? picked : trim(machines, picked, need);
}

/** How many of each; looks at the machines that are taken, or at those that are left out: whichever is less. */
function countsToTake(
  parts: readonly PricedPart[],
  { need, total, step }: { readonly need: number; readonly total: number; readonly step: number },
): number[] | null {
  if (need <= total - need) return closestSum(parts, { target: need, side: "above", step });
  const leaving = parts.map((part) => ({ ...part, cost: -part.cost }));
  const leftOut = closestSum(leaving, { target: total - need, side: "below", step });
  return leftOut === null ? null : parts.map(({ count }, i) => count - leftOut[i]!);
}

/** Classes in the order of their first machine. */
function classesOf(machines: readonly PlanMachine[], indexes: readonly number[]): MachineClass[] {
  const classes = new Map<string, MachineClass>();
  for (const index of indexes) {
    const { hashrateFp18, atSubnet } = machines[index]!;
    const key = `${hashrateFp18} ${atSubnet}`;
    const known = classes.get(key);
    if (known === undefined) classes.set(key, { hashrateFp18, atSubnet, indexes: [index] });
    else known.indexes.push(index);
  }
  return [...classes.values()];
}

/** Leaves out what rounding made seem necessary, largest first. */
function trim(machines: readonly PlanMachine[], picked: readonly number[], need: bigint): readonly number[] {
  let surplus = picked.reduce((sum, index) => sum + machines[index]!.hashrateFp18, -need);
  const bySize = [...picked].sort((a, b) => {
    const difference = machines[b]!.hashrateFp18 - machines[a]!.hashrateFp18;
    return difference === 0n ? a - b : difference > 0n ? 1 : -1;
  });
  const left = new Set(picked);
  for (const index of bySize) {
    const { hashrateFp18 } = machines[index]!;
    if (hashrateFp18 > surplus) continue;
    surplus -= hashrateFp18;
    left.delete(index);
  }
  return picked.filter((index) => left.has(index));
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
