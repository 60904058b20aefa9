import assert from "node:assert/strict";
import type { PoolIdentity } from "../../../src/auction/credit/identity.ts";
import { isCapped, tierCredit } from "../../../src/auction/credit/tiers.ts";

const HOTKEY = "5CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
const OWNER = { account: "sn89auction", hotkey: HOTKEY };
const LOW = 980_000_000_000_000_000n;
const HIGH = 1_050_000_000_000_000_000n;
const TWO_PRICES = [{ hashratePh: 0.45, priceFp18: LOW }, { hashratePh: 0.25, priceFp18: HIGH }];

const identities = (...workers: (string | null)[]): PoolIdentity[] =>
  workers.map((worker, i) => ({
    place: `pools.main[${i}]`,
    key: "worker_id",
    workerId: worker === null ? null : `sn89auction.${HOTKEY}.${worker}`,
  }));

Deno.test("tierCredit() credits one worker id with the largest won worker", () => {
  const credit = tierCredit(TWO_PRICES, identities("worker1"), OWNER);
  assert.deepEqual(credit, { prices: 2, workerIds: 1, wonHashratePh: 0.7, creditedAtMostPh: 0.45 });
  assert.equal(isCapped(credit!), true);
});

Deno.test("tierCredit() counts each worker id once, and those of others not at all", () => {
  const same = tierCredit(TWO_PRICES, identities("a", "a"), OWNER);
  assert.deepEqual([same?.workerIds, same?.creditedAtMostPh], [1, 0.45]);
  const enough = tierCredit(TWO_PRICES, identities("a", "b"), OWNER);
  assert.deepEqual([enough?.workerIds, enough && isCapped(enough)], [2, false]);
  const foreign = [{ place: "p", key: "worker_id", workerId: "sn89auction.5Other.a" }] as const;
  const none = tierCredit(TWO_PRICES, foreign, OWNER);
  assert.deepEqual([none?.workerIds, none?.creditedAtMostPh], [0, 0]);
});

Deno.test("tierCredit() knows nothing where the machines' names decide, and need not at a single price", () => {
  assert.equal(tierCredit(TWO_PRICES, [], OWNER), null);
  assert.equal(tierCredit(TWO_PRICES, identities("a", null), OWNER), null);
  assert.equal(tierCredit([TWO_PRICES[0]!, TWO_PRICES[0]!], identities("a"), OWNER), null);
});
