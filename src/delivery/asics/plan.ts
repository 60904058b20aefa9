/**
 * Chooses the machines that mine for the subnet: enough, with the least surplus and the fewest changes. Pure.
 *
 * @module
 */

import { bigGcd } from "../../lib/gcd.ts";
import { bundleCount, closestSum, type PricedPart } from "./closest_sum.ts";

/**
 * How a machine can be used.
 *
 * - `available`: it can be switched to either pool
 * - `reserve`: likewise, but it is used only if all available machines do not suffice
 * - `fixed-on-subnet`: it mines for the subnet and cannot be switched away
 * - `unavailable`: it cannot be used
 */
export type PlanState = "available" | "reserve" | "fixed-on-subnet" | "unavailable";

/** A machine as input of {@linkcode planFleet}. */
export interface PlanMachine {
  /** Its contribution, PH/s × 10^18, not negative. */
  readonly hashrateFp18: bigint;
  readonly state: PlanState;
  /** Whether it mines for the subnet now. */
  readonly atSubnet: boolean;
}

/** Options of {@linkcode planFleet}. */
export interface PlanOptions {
  /** The hashrate to cover, PH/s × 10^18. */
  readonly needFp18: bigint;
  /**
   * Keeps the machines at the subnet: if they cover the need, some may leave and none is added; otherwise some are added and
   * none leaves. For the runs within one window.
   *
   * @default {false}
   */
  readonly keepPresent?: boolean;
}

/** The machines that should mine for the subnet. */
export interface FleetPlan {
  /** For each machine whether it is chosen; machines fixed at the subnet are not. */
  readonly chosen: readonly boolean[];
  /** The hashrate of the chosen and the fixed machines, PH/s × 10^18. */
  readonly coveredFp18: bigint;
}

/** Up to this many units of total hashrate the choice is exact, which takes at most a quarter of a second. */
const EXACT_UNITS = 1 << 18;
/** This many steps of hashrate times different machines take about a fifth of a second. */
const WORK = 1 << 26;
const FEWEST_STEPS = 1 << 16;
/** More steps take too much memory. */
const MOST_STEPS = 1 << 22;
/** Sums of up to this many units are exact as doubles. */
const MAX_UNITS = 2n ** 52n;

/**
 * Chooses the machines that cover the need with the least surplus and, among equally good choices, with the fewest changes of
 * pool. If the machines do not suffice, all usable ones are chosen. Equal machines are chosen in their order, and equal
 * inputs give equal choices.
 *
 * The choice is exact while the total hashrate is at most 2^18 times the greatest common divisor, for a dozen machines 2^22
 * times. Beyond that it uses about that many steps (2^16 for a thousand different machines) and keeps one real sum in each:
 * the choice still covers the need without a superfluous machine, and its surplus is close to the least.
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

/** Interchangeable machines. */
interface MachineClass {
  readonly hashrateFp18: bigint;
  readonly atSubnet: boolean;
  readonly indexes: number[];
}

/** The indexes that cover the need with the least surplus and the fewest changes; all of them if they do not suffice. */
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
  // Beyond the exact range of doubles, machines are rounded down and the need is rounded up.
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

/** How many of each class to take; searches for the machines to take or to leave out, whichever are fewer. */
function countsToTake(
  parts: readonly PricedPart[],
  { need, total, step }: { readonly need: number; readonly total: number; readonly step: number },
): number[] | null {
  if (need <= total - need) return closestSum(parts, { target: need, side: "above", step });
  const leaving = parts.map((part) => ({ ...part, cost: -part.cost }));
  const leftOut = closestSum(leaving, { target: total - need, side: "below", step });
  return leftOut === null ? null : parts.map(({ count }, i) => count - leftOut[i]!);
}

/** The classes, in the order of their first machine. */
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

/** Removes machines that only rounding made necessary, largest first. */
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
