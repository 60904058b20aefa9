import assert from "node:assert/strict";
import fc from "fast-check";
import { SortedMap } from "../../src/simulator/sorted_map.ts";

const key = fc.stringMatching(/^[0-9a-f]{2,6}$/);
const change = fc.record({ key, value: fc.option(fc.stringMatching(/^[0-9a-f]{0,4}$/), { nil: null }) });

function apply(changes: readonly { key: string; value: string | null }[]): [SortedMap, Map<string, string>] {
  const model = new Map<string, string>();
  let map = SortedMap.empty;
  for (const { key, value } of changes) {
    if (value === null) {
      model.delete(key);
      map = map.delete(key);
    } else {
      model.set(key, value);
      map = map.set(key, value);
    }
  }
  return [map, model];
}

Deno.test("SortedMap behaves like a map whose keys ascend", () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 60 }), key, (changes, probe) => {
    const [map, model] = apply(changes);
    assert.deepEqual([...map.keys()], [...model.keys()].sort());
    assert.equal(map.get(probe), model.get(probe));
    for (const [known, value] of model) assert.equal(map.get(known), value);
  }));
});

Deno.test("SortedMap.keys() gives those under a prefix, after a key", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 60 }),
      fc.stringMatching(/^[0-9a-f]{0,2}$/),
      key,
      (changes, prefix, after) => {
        const [map, model] = apply(changes);
        const expected = [...model.keys()].filter((name) => name.startsWith(prefix) && name > after).sort();
        assert.deepEqual([...map.keys(prefix, after)], expected);
      },
    ),
  );
});

Deno.test("SortedMap leaves older versions as they were", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), fc.array(change, { maxLength: 30 }), (first, second) => {
      const [map] = apply(first);
      const before = Array.from(map.keys(), (name) => [name, map.get(name)]);
      let later = map;
      for (const { key, value } of second) later = value === null ? later.delete(key) : later.set(key, value);
      assert.deepEqual(Array.from(map.keys(), (name) => [name, map.get(name)]), before);
    }),
  );
});
