/**
 * The program seen from its linear relaxation: how far an optimal solution may deviate from it.
 *
 * Sort the classes by value per cost. The relaxation takes all of the better ones, none of the worse, and fills up
 * at the *break* efficiency vb/cb. Against that, each worker of another class on its wrong side loses
 *
 *     loss = |value * cb - cost * vb|          (an exact integer)
 *
 * and each unit of capacity left over (slack) loses vb. For every choice of workers within the capacity
 *
 *     value * cb = potential - sum of losses - slack * vb
 *
 * holds exactly. So with a value to reach, the *allowance* potential - value * cb is all that may be lost: classes
 * whose single loss exceeds it are fixed, the others (*deviators*) may deviate only as often as it allows, and
 * classes at the break efficiency are *free*.
 *
 * Costs and losses are integers below 2^52, so doubles hold them exactly. A product of slack loss and cost may be
 * larger; it is only ever compared with a loss, and rounding it cannot change the answer.
 *
 * @module
 */

import { bigGcd } from "../../../lib/gcd.ts";
import type { WorkerClass } from "./worker_classes.ts";

/** A class that may deviate from the relaxation at a loss. */
export interface Deviator {
  readonly classIndex: number;
  readonly cost: number;
  /** The loss per deviating worker; positive, at most the allowance. */
  readonly loss: number;
  /** The effect of one deviating worker on the total cost: `cost` when added, `-cost` when removed. */
  readonly costChange: number;
  /** Workers in the class. */
  readonly count: number;
  /** How many may deviate within the allowance. */
  readonly limit: number;
}

/** A class of break efficiency. */
export interface FreeClass {
  readonly classIndex: number;
  readonly cost: number;
  readonly count: number;
}

/** The relaxation at one capacity, for one value to reach. */
export interface Center {
  readonly capacity: bigint;
  /** Loss per unit of slack (vb, in lowest terms with cb). */
  readonly slackLoss: number;
  /** cb: the weight of one unit of value in losses. */
  readonly valueWeight: bigint;
  /** No choice exceeds potential / valueWeight in value: the value of the fractional optimum. */
  readonly potential: bigint;
  /** potential - minimal value * valueWeight, never negative. */
  readonly allowance: number;
  /** Capacity left when the better classes are in and nothing else. */
  readonly residual: number;
  /** No solution has free workers of a larger total cost. */
  readonly freeLimit: number;
  /** By class: what the relaxation takes (all or none), free classes left out. */
  readonly defaultCounts: readonly number[];
  /** By class: whether every solution in question takes exactly `defaultCounts` of it. */
  readonly isFixed: readonly boolean[];
  /** Nearest in efficiency first. */
  readonly deviators: readonly Deviator[];
  readonly free: readonly FreeClass[];
}

/** No choice within the capacity reaches the value. */
export const OUT_OF_REACH = Symbol("out of reach");
/** The numbers are too large for exact arithmetic in doubles. */
export const TOO_LARGE = Symbol("too large");

/** Larger sums are not trusted to doubles (a factor of two below 2^53 for one addition more). */
const EXACT_LIMIT = 2n ** 52n;

/**
 * The relaxation of `classes` (sorted by efficiency, best first) at `capacity`, for solutions of at least
 * `minimalValue`.
 */
export function makeCenter(
  classes: readonly WorkerClass[],
  capacity: bigint,
  minimalValue: bigint,
): Center | typeof OUT_OF_REACH | typeof TOO_LARGE {
  let before = 0n;
  let breakIndex = 0;
  while (breakIndex < classes.length - 1) {
    const next = before + classes[breakIndex]!.cost * BigInt(classes[breakIndex]!.count);
    if (next > capacity) break;
    before = next;
    breakIndex++;
  }
  const breakClass = classes[breakIndex];
  if (breakClass === undefined) {
    throw new RangeError("Cannot center an empty program: there are no classes; handle that case first");
  }
  const common = bigGcd(breakClass.cost, breakClass.value);
  const cb = breakClass.cost / common;
  const vb = breakClass.value / common;

  const losses = classes.map((c) => c.value * cb - c.cost * vb);
  let potential = capacity * vb;
  let residual = capacity;
  classes.forEach((c, index) => {
    if (losses[index]! > 0n) {
      potential += losses[index]! * BigInt(c.count);
      residual -= c.cost * BigInt(c.count);
    }
  });
  const allowance = potential - minimalValue * cb;
  if (allowance < 0n) return OUT_OF_REACH;

  const deviators: Deviator[] = [];
  const free: FreeClass[] = [];
  const isFixed: boolean[] = [];
  let freeTotal = 0n;
  classes.forEach((c, index) => {
    const signed = losses[index]!;
    const loss = signed < 0n ? -signed : signed;
    isFixed.push(loss > allowance);
    if (loss > allowance) return;
    const count = BigInt(c.count);
    if (loss === 0n) {
      freeTotal += c.cost * count;
      free.push({ classIndex: index, cost: Number(c.cost), count: c.count });
      return;
    }
    const limit = min(count, allowance / loss);
    const cost = Number(c.cost);
    deviators.push({
      classIndex: index,
      cost,
      loss: Number(loss),
      costChange: signed > 0n ? -cost : cost,
      count: c.count,
      limit: Number(limit),
    });
  });
  deviators.sort((a, b) => a.loss / a.cost - b.loss / b.cost || a.classIndex - b.classIndex);
  // How far deviations within the allowance can move the total cost; those nearest in efficiency move it furthest.
  let movable = 0n;
  let allowanceLeft = allowance;
  for (const { cost, loss, limit } of deviators) {
    const copies = min(BigInt(limit), allowanceLeft / BigInt(loss) + 1n);
    movable += copies * BigInt(cost);
    allowanceLeft -= copies * BigInt(loss);
    if (allowanceLeft < 0n) break;
  }
  const freeLimit = residual + movable;
  if (freeLimit + freeTotal > EXACT_LIMIT || allowance > EXACT_LIMIT) return TOO_LARGE;
  return {
    capacity,
    slackLoss: Number(vb),
    valueWeight: cb,
    potential,
    allowance: Number(allowance),
    residual: Number(residual),
    freeLimit: Number(freeLimit),
    defaultCounts: classes.map((c, index) => losses[index]! > 0n ? c.count : 0),
    isFixed,
    deviators,
    free,
  };
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
