import assert from "node:assert/strict";
import fc from "fast-check";
import { sortLikeLibrary } from "../../../src/auction/solver/library_sort.ts";

/** The steps as the spec words them, on the keys themselves. */
function modelOf(keys: readonly number[]): number[] {
  const order = keys.map((_, i) => i);
  const key = (at: number): number => keys[order[at]!]!;
  const swap = (a: number, b: number): void => void ([order[a], order[b]] = [order[b]!, order[a]!]);
  const split = (low: number, high: number): void => {
    if (high - low <= 16) return;
    const [x, y, z] = [low + 1, low + Math.floor((high - low) / 2), high - 1];
    const median = key(x) < key(y)
      ? (key(y) < key(z) ? y : key(x) < key(z) ? z : x)
      : (key(x) < key(z) ? x : key(y) < key(z) ? z : y);
    swap(low, median);
    let f = low + 1;
    let l = high;
    for (;;) {
      while (key(f) < key(low)) f++;
      l--;
      while (key(low) < key(l)) l--;
      if (f >= l) break;
      swap(f, l);
      f++;
    }
    split(f, high);
    split(low, f);
  };
  split(0, keys.length);
  return order.sort((a, b) => keys[a]! - keys[b]!);
}

const fewKeys = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 300 });

Deno.test("sortLikeLibrary() leaves equal keys of a short range in their order", () => {
  assert.deepEqual([...sortLikeLibrary(Float64Array.of(2, 1, 2, 1, 1))!], [1, 3, 4, 0, 2]);
  assert.deepEqual([...sortLikeLibrary(new Float64Array(16))!], Array.from({ length: 16 }, (_, i) => i));
});

Deno.test("sortLikeLibrary() moves equal keys of a long range", () => {
  const order = [...sortLikeLibrary(new Float64Array(17))!];
  assert.notDeepEqual(order, order.toSorted((a, b) => a - b));
});

Deno.test("sortLikeLibrary() takes the steps of the spec, and sorts", () => {
  fc.assert(
    fc.property(fewKeys, (keys) => {
      const order = sortLikeLibrary(Float64Array.from(keys));
      assert.ok(order !== null);
      assert.deepEqual([...order], modelOf(keys));
      assert.deepEqual([...order].map((at) => keys[at]), keys.toSorted((a, b) => a - b));
    }),
    { numRuns: 500 },
  );
});

Deno.test("sortLikeLibrary() gives up where the library would change to heap sort", () => {
  // Musser's sequence, against which a median of three is helpless.
  const half = 512;
  const keys = Array.from(
    { length: 2 * half },
    (_, i) => i < half ? (i % 2 === 0 ? i + 1 : half + i + (half % 2)) : 2 * (i - half + 1),
  );
  assert.equal(sortLikeLibrary(Float64Array.from(keys)), null);
});
