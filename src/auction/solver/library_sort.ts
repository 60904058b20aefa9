/**
 * Sorts as the C++ library of the validators' solver does (libstdc++'s `std::sort`). It is not stable, so the order of equal
 * keys follows from its steps (spec, section 5). Pure.
 *
 * @module
 */

/** Ranges of at most this length are left to the insertion sort at the end. */
const SHORT_RANGE = 16;

/**
 * The positions of keys in sorted order.
 *
 * @returns `null` if splits nest so deep that the library would change to another algorithm.
 */
export function sortLikeLibrary(keys: Float64Array): Int32Array | null {
  const order = Int32Array.from(keys, (_, i) => i);
  const deepest = 2 * Math.floor(Math.log2(Math.max(keys.length, 1)));
  const ranges: { low: number; high: number; depth: number }[] = [{
    low: 0,
    high: keys.length,
    depth: deepest,
  }];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    let { high, depth } = range;
    const { low } = range;
    while (high - low > SHORT_RANGE) {
      if (depth === 0) return null;
      depth--;
      const split = partition(order, keys, low, high);
      // The upper part does not overlap the lower one, so it may wait.
      ranges.push({ low: split, high, depth });
      high = split;
    }
  }
  insertionSort(order, keys);
  return order;
}

/** Moves the smaller keys of a range before the others. Returns where the others begin. */
function partition(order: Int32Array, keys: Float64Array, low: number, high: number): number {
  const keyAt = (position: number): number => keys[order[position]!]!;
  swap(order, low, medianOf(keyAt, low + 1, low + Math.floor((high - low) / 2), high - 1));
  const pivot = keyAt(low);
  let [left, right] = [low + 1, high];
  for (;;) {
    while (keyAt(left) < pivot) left++;
    right--;
    while (pivot < keyAt(right)) right--;
    if (left >= right) return left;
    swap(order, left, right);
    left++;
  }
}

/** The position of the median; among equal keys, the one that the library takes. */
function medianOf(keyAt: (position: number) => number, x: number, y: number, z: number): number {
  const [a, b, c] = [keyAt(x), keyAt(y), keyAt(z)];
  if (a < b) return b < c ? y : a < c ? z : x;
  return a < c ? x : b < c ? z : y;
}

/** Stable. */
function insertionSort(order: Int32Array, keys: Float64Array): void {
  for (let i = 1; i < order.length; i++) {
    const moved = order[i]!;
    const key = keys[moved]!;
    let at = i;
    for (; at > 0 && key < keys[order[at - 1]!]!; at--) order[at] = order[at - 1]!;
    order[at] = moved;
  }
}

function swap(order: Int32Array, a: number, b: number): void {
  [order[a], order[b]] = [order[b]!, order[a]!];
}
