/**
 * Which sums can be made from a bounded multiset of integers, exactly, with a way to make each.
 *
 * The workers of one efficiency form a subset-sum problem: bounds do not help, and with odd sizes at one price there
 * are thousands of workers. Three things keep this small:
 * - all sizes are divided by their greatest common divisor;
 * - s can be made exactly when total - s can, so only the lower half is computed, up to the largest sum asked for;
 * - once every sum of an interval at least as long as the largest remaining part can be made, the remaining parts only
 *   lengthen it. Nothing above its start needs computing any more (a few hundred thousand bits instead of hundreds of
 *   millions), and sums below it only on demand.
 *
 * @module
 */

import type { Effort } from "./effort.ts";
import { gcd } from "../../../lib/gcd.ts";

/** `count` equal parts of size `size` (a positive safe integer). */
export interface SumPart {
  readonly size: number;
  readonly count: number;
}

/** A bundle of equal parts that is taken as a whole or not at all (1, 2, 4, … parts and the rest). */
interface Bundle {
  readonly part: number;
  readonly copies: number;
}

const FIRST_HORIZON_BITS = 1 << 21;
const LAST_HORIZON_BITS = 1 << 26;

/** The reachable sums of a multiset. */
export class SubsetSums {
  /** The sum of all parts. */
  readonly total: number;
  /**
   * False when the limits did not suffice: then `has` may say no to a sum that can be made (never the
   * opposite), and `floor` may give a smaller one.
   */
  readonly complete: boolean;

  readonly #unit: number;
  /** Parts in units, ascending by size; `#order[i]` is the caller's index. */
  readonly #sizes: number[] = [];
  readonly #counts: number[] = [];
  readonly #order: number[] = [];
  readonly #partCount: number;
  readonly #totalUnits: number;
  readonly #half: number;
  /** The largest sum that may be asked for, or half of the total: every other sum is the mirror of such a one. */
  readonly #top: number;

  #bits = new Uint32Array(1);
  /** By sum: 1 + index of the bundle that reached it first (0: not reached, or the empty sum). */
  #firstBundle: Uint16Array | Uint32Array = new Uint16Array(32);
  #bundles: Bundle[] = [];
  /** `#bits` is exact up to here, below `#fullFrom`. */
  #horizon = 0;
  #highest = 0;
  /** Every sum from `#fullFrom` to `#top` can be made (Infinity: not known). */
  #fullFrom = Infinity;
  /** `#fullFrom`..`#runEnd` is in `#bits`, made from the parts before `#runParts` alone. */
  #runEnd = 0;
  #runParts = 0;
  #lowFinished = true;

  /**
   * @param parts the multiset
   * @param limit no sum between `limit` and `total - limit` will be asked for; Infinity for any
   * @param effort limits of time
   */
  constructor(parts: readonly SumPart[], limit: number, effort: Effort) {
    const order = parts.map((_, index) => index).filter((index) => parts[index]!.count > 0);
    order.sort((a, b) => parts[a]!.size - parts[b]!.size || a - b);
    let unit = 0;
    for (const index of order) unit = gcd(unit, parts[index]!.size);
    this.#unit = unit === 0 ? 1 : unit;
    this.#partCount = parts.length;
    let totalUnits = 0;
    for (const index of order) {
      const size = parts[index]!.size / this.#unit;
      this.#order.push(index);
      this.#sizes.push(size);
      this.#counts.push(parts[index]!.count);
      totalUnits += size * parts[index]!.count;
    }
    this.#totalUnits = totalUnits;
    this.total = totalUnits * this.#unit;
    this.#half = Math.floor(totalUnits / 2);
    this.#top = Math.min(this.#half, Math.floor(limit / this.#unit));
    this.complete = this.#build(effort);
  }

  /** Whether `sum` can be made. */
  has(sum: number): boolean {
    if (sum < 0 || sum > this.total || sum % this.#unit !== 0) return false;
    return this.#hasUnits(sum / this.#unit);
  }

  /** The largest sum that can be made and is at most `sum` (which is not negative). */
  floor(sum: number): number {
    if (sum >= this.total) return this.total;
    const units = Math.floor(sum / this.#unit);
    if (units <= this.#half) return this.#floorUnits(units) * this.#unit;
    const mirrored = this.#ceilUnits(this.#totalUnits - units);
    return (mirrored <= this.#top ? this.#totalUnits - mirrored : this.#floorUnits(this.#top)) * this.#unit;
  }

  /** The smallest sum that can be made and is at least `sum` (which is at most `total`). */
  ceil(sum: number): number {
    return sum <= 0 ? 0 : this.total - this.floor(this.total - sum);
  }

  /**
   * How many of each part make `sum`, parallel to the constructor's parts.
   *
   * @throws {RangeError} when `has(sum)` is false
   */
  pick(sum: number): number[] {
    if (!this.has(sum)) throw new RangeError(`Cannot make ${sum} from these parts: no subset has this sum`);
    const counts = new Array<number>(this.#partCount).fill(0);
    let units = sum / this.#unit;
    const mirrored = units > this.#half;
    if (mirrored) units = this.#totalUnits - units;
    if (units >= this.#fullFrom) {
      for (let part = this.#runParts; part < this.#sizes.length && units > this.#runEnd; part++) {
        const size = this.#sizes[part]!;
        const copies = Math.min(this.#counts[part]!, Math.ceil((units - this.#runEnd) / size));
        counts[this.#order[part]!]! += copies;
        units -= copies * size;
      }
    }
    while (units > 0) {
      const { part, copies } = this.#bundles[this.#firstBundle[units]! - 1]!;
      counts[this.#order[part]!]! += copies;
      units -= copies * this.#sizes[part]!;
    }
    if (mirrored) {
      this.#order.forEach((index, part) => counts[index] = this.#counts[part]! - counts[index]!);
    }
    return counts;
  }

  #hasUnits(units: number): boolean {
    const low = units > this.#half ? this.#totalUnits - units : units;
    if (low >= this.#fullFrom) return true;
    if (low > this.#horizon) return false;
    this.#finishLow();
    return (this.#bits[low >>> 5]! >>> (low & 31) & 1) === 1;
  }

  #floorUnits(units: number): number {
    if (units >= this.#fullFrom) return units;
    this.#finishLow();
    return highestBitUpTo(this.#bits, Math.min(units, this.#horizon));
  }

  #ceilUnits(units: number): number {
    if (units >= this.#fullFrom) return units;
    this.#finishLow();
    const found = lowestBitFrom(this.#bits, units, Math.min(this.#horizon, this.#fullFrom - 1));
    return found === -1 ? (this.#fullFrom === Infinity ? this.#top + 1 : this.#fullFrom) : found;
  }

  #build(effort: Effort): boolean {
    for (let horizon = FIRST_HORIZON_BITS;; horizon *= 4) {
      this.#reset(Math.min(this.#top, horizon));
      for (let part = 0; part < this.#sizes.length; part++) {
        if (effort.isSpent()) return false;
        this.#addPart(part, this.#horizon);
        if (this.#findRun(part + 1)) return true;
      }
      if (this.#horizon === this.#top) return true;
      if (horizon >= LAST_HORIZON_BITS) return false;
    }
  }

  #reset(horizon: number): void {
    this.#horizon = horizon;
    this.#bits = new Uint32Array((horizon >>> 5) + 1);
    const bundleLimit = this.#counts.reduce((sum, count) => sum + Math.floor(Math.log2(count)) + 1, 0);
    const sums = this.#bits.length * 32;
    this.#firstBundle = bundleLimit < 0xffff ? new Uint16Array(sums) : new Uint32Array(sums);
    this.#bits[0] = 1;
    this.#bundles = [];
    this.#highest = 0;
  }

  /** Adds all copies of one part to the sums up to `horizon`. */
  #addPart(part: number, horizon: number): void {
    const size = this.#sizes[part]!;
    let left = Math.min(this.#counts[part]!, Math.floor(horizon / size));
    for (let copies = 1; left > 0; copies *= 2) {
      const taken = Math.min(copies, left);
      left -= taken;
      this.#bundles.push({ part, copies: taken });
      this.#shiftIn(taken * size, horizon);
    }
  }

  #shiftIn(shift: number, horizon: number): void {
    const bits = this.#bits;
    const firstBundle = this.#firstBundle;
    const mark = this.#bundles.length;
    const wordShift = shift >>> 5;
    const bitShift = shift & 31;
    const lastWord = Math.min(horizon, this.#highest + shift) >>> 5;
    // From high to low, so that the source words still have their old values.
    for (let word = lastWord; word >= wordShift; word--) {
      const source = word - wordShift;
      let moved = bits[source]! << bitShift;
      if (bitShift !== 0 && source > 0) moved |= bits[source - 1]! >>> (32 - bitShift);
      let fresh = moved & ~bits[word]!;
      if (fresh === 0) continue;
      bits[word]! |= fresh;
      while (fresh !== 0) {
        const bit = 31 - Math.clz32(fresh & -fresh);
        firstBundle[word * 32 + bit] = mark;
        fresh &= fresh - 1;
      }
    }
    this.#highest = Math.min(this.#horizon, this.#highest + shift);
  }

  /** Looks for a complete interval as long as the largest remaining part, after `partsDone` parts. */
  #findRun(partsDone: number): boolean {
    const largest = partsDone < this.#sizes.length ? this.#sizes[this.#sizes.length - 1]! : 1;
    if (largest >= this.#horizon) return false;
    const bits = this.#bits;
    const words = (this.#horizon + 1) >>> 5;
    const wanted = Math.ceil(largest / 32);
    let start = -1;
    let end = -1;
    for (let word = 0, run = 0; word < words; word++) {
      run = bits[word] === 0xffffffff ? run + 1 : 0;
      if (run === 0 && start !== -1) break;
      if (run >= wanted) {
        if (start === -1) start = (word - run + 1) * 32;
        end = word * 32 + 31;
      }
    }
    if (start === -1) return false;
    let rest = 0;
    for (let part = partsDone; part < this.#sizes.length; part++) {
      rest += this.#sizes[part]! * this.#counts[part]!;
    }
    if (end + rest < this.#top) return false;
    while (start > 0 && (bits[(start - 1) >>> 5]! >>> ((start - 1) & 31) & 1) === 1) start--;
    this.#fullFrom = start;
    this.#runEnd = end;
    this.#runParts = partsDone;
    this.#lowFinished = partsDone === this.#sizes.length;
    return true;
  }

  /** Completes the sums below the full interval, to which the last parts may still add. */
  #finishLow(): void {
    if (this.#lowFinished) return;
    this.#lowFinished = true;
    for (let part = this.#runParts; part < this.#sizes.length; part++) {
      this.#addPart(part, this.#fullFrom - 1);
    }
  }
}

/** The highest set bit at or below `from`; bit 0 is always set. */
function highestBitUpTo(bits: Uint32Array, from: number): number {
  let word = from >>> 5;
  let masked = (bits[word]! & (0xffffffff >>> (31 - (from & 31)))) >>> 0;
  while (masked === 0) masked = bits[--word]!;
  return word * 32 + 31 - Math.clz32(masked);
}

/** The lowest set bit in `from`..`to`, or -1. */
function lowestBitFrom(bits: Uint32Array, from: number, to: number): number {
  if (from > to) return -1;
  let word = from >>> 5;
  const lastWord = to >>> 5;
  let masked = (bits[word]! & (0xffffffff << (from & 31))) >>> 0;
  while (masked === 0) {
    if (++word > lastWord) return -1;
    masked = bits[word]!;
  }
  const found = word * 32 + 31 - Math.clz32(masked & -masked);
  return found <= to ? found : -1;
}
