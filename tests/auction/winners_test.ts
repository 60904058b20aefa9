import assert from "node:assert/strict";
import { buildItems } from "../../src/auction/inputs/items.ts";
import type { Bid } from "../../src/auction/inputs/problem.ts";
import { listWinners } from "../../src/auction/winners.ts";
import { formatFp18, parseFp18 } from "../../src/auction/protocol/fp18.ts";

const makeBid = (hotkey: string, size: string, price: string, count: number): Bid => ({
  hotkey,
  sizeText: size,
  hashrateFp18: parseFp18(size),
  priceFp18: parseFp18(price),
  count,
});
const { items } = buildItems([
  makeBid("b", "0.25", "1", 5),
  makeBid("b", "0.1", "1", 5),
  makeBid("a", "0.25", "1", 5),
  makeBid("c", "9", "0.9", 5),
  makeBid("c", "10", "0.9", 5),
  makeBid("b", "0.25", "1", 5),
], null);

Deno.test("listWinners() sorts by price, text of the size, then hotkey, and merges a hotkey's runs", () => {
  const winners = listWinners(items, [1, 2, 3, 4, 5, 5]);
  assert.deepEqual(
    winners.map(({ hotkey, sizeText, priceFp18, count }) => [formatFp18(priceFp18), sizeText, hotkey, count]),
    [
      ["0.9", "10", "c", 5],
      ["0.9", "9", "c", 4],
      ["1", "0.1", "b", 2],
      ["1", "0.25", "a", 3],
      ["1", "0.25", "b", 6],
    ],
  );
  assert.deepEqual(listWinners(items, items.map(() => 0)), []);
});

Deno.test("listWinners() refuses wins that do not fit the items", () => {
  for (const wins of [[], [6, 0, 0, 0, 0, 0], [-1, 0, 0, 0, 0, 0], [0.5, 0, 0, 0, 0, 0]]) {
    assert.throws(() => listWinners(items, wins), RangeError);
  }
});
