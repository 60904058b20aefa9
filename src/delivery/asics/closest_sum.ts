/**
 * Finds the sum of parts that is closest to a target from one side, at the least cost. Pure.
 *
 * `SubsetSums` of the solver handles far larger sums, but without costs; here the cost decides among equal sums.
 *
 * @module
 */

/** `count` equal parts. */
export interface PricedPart {
  /** A non-negative safe integer, like all sums. */
  readonly size: number;
  readonly count: number;
  /** Per part; may be negative. */
  readonly cost: number;
}

/** Options of {@linkcode closestSum}. */
export interface ClosestSumOptions {
  readonly target: number;
  /** `above`: the smallest sum that is at least the target. `below`: the largest that is at most the target. */
  readonly side: "above" | "below";
  /** Sums whose distances to the target fall into the same step are treated as equal. Exact with `1`. */
  readonly step: number;
}

/** Several copies of a part that are taken together or not at all. */
interface Bundle {
  readonly part: number;
  readonly copies: number;
  readonly size: number;
  readonly cost: number;
}

/** The number of bundles of the parts, which determines the effort. */
export function bundleCount(parts: readonly PricedPart[]): number {
  return parts.reduce((sum, { count }) => sum + Math.floor(Math.log2(count)) + 1, 0);
}

/**
 * Finds the closest sum by dynamic programming over bundles of 1, 2, 4, … copies and the rest. It keeps one sum per step,
 * with the cheapest way to make it. That is a real sum, so errors do not add up, and the target is the border of a step, so
 * that no sum on the wrong side is chosen.
 *
 * @returns how many of each part; `null` if no sum reaches the target, or none was kept in its steps.
 */
export function closestSum(
  parts: readonly PricedPart[],
  { target, side, step }: ClosestSumOptions,
): number[] | null {
  const isAbove = side === "above";
  const largest = parts.reduce((size, part) => Math.max(size, part.size), 0);
  // Removing parts one by one from all of them shows: some sum exceeds the target by less than one part.
  const limit = isAbove ? target + Math.max(0, largest - 1) : target;
  const perStep = 1 / step;
  const targetStep = Math.ceil(target * perStep) + 1;
  const stepOf = (sum: number): number => Math.floor((sum - target) * perStep) + targetStep;
  const steps = stepOf(limit) + 1;
  // Small bundles first: the sums grow slowly, and most bundles are combined with few of them.
  const bundles = parts.flatMap((part, index) => bundlesOf(part, index, limit))
    .sort((a, b) => a.size - b.size || a.part - b.part || a.copies - b.copies);

  const sums = new Float64Array(steps).fill(-1);
  const costs = new Int32Array(steps);
  const first = stepOf(0);
  sums[first] = 0;
  const words = (steps >>> 5) + 1;
  // One bit per bundle and step: whether the kept sum, made of the bundles so far, includes this bundle.
  const taken = new Uint32Array(bundles.length * words);
  let highest = 0;
  bundles.forEach(({ size, cost }, index) => {
    const offset = index * words;
    // From high to low, so that a bundle is not added to a sum that already includes it.
    for (let from = stepOf(Math.min(limit, highest)); from >= first; from--) {
      const base = sums[from]!;
      const sum = base + size;
      if (base < 0 || sum > limit) continue;
      const to = Math.floor((sum - target) * perStep) + targetStep;
      const kept = sums[to]!;
      const newCost = costs[from]! + cost;
      if (kept >= 0 && (kept === sum ? newCost >= costs[to]! : (kept < sum) === isAbove)) continue;
      sums[to] = sum;
      costs[to] = newCost;
      taken[offset + (to >>> 5)]! |= 1 << (to & 31);
    }
    highest += size;
  });

  let found = targetStep;
  while (found < steps && sums[found]! < 0) found += isAbove ? 1 : -1;
  if (found === steps) return null;
  const counts = parts.map(() => 0);
  let left = sums[found]!;
  for (let index = bundles.length - 1; index >= 0; index--) {
    const at = stepOf(left);
    if ((taken[index * words + (at >>> 5)]! >>> (at & 31) & 1) === 0) continue;
    const { part, copies, size } = bundles[index]!;
    counts[part]! += copies;
    left -= size;
  }
  return counts;
}

function bundlesOf({ size, count, cost }: PricedPart, part: number, limit: number): Bundle[] {
  const bundles: Bundle[] = [];
  let left = size === 0 ? count : Math.min(count, Math.floor(limit / size));
  for (let copies = 1; left > 0; copies *= 2) {
    const taken = Math.min(copies, left);
    left -= taken;
    bundles.push({ part, copies: taken, size: taken * size, cost: taken * cost });
  }
  return bundles;
}
