import assert from "node:assert/strict";
import fc from "fast-check";
import {
  creditDelivery,
  mergeWorkers,
  mostCreditablePh,
  type WonWorker,
} from "../../../src/auction/credit/delivery_credit.ts";
import { ProtocolError } from "../../../src/auction/protocol/errors.ts";

const HOTKEY = "5CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
const HIGH = 1_050_000_000_000_000_000n;
const LOW = 980_000_000_000_000_000n;

const won = (hashratePh: number, priceFp18 = HIGH): WonWorker => ({ hashratePh, priceFp18 });
const hashes = (...hashratesPh: number[]): bigint[] => hashratesPh.map((ph) => BigInt(Math.round(ph * 1e15)));

Deno.test("mergeWorkers() adds equal suffixes of a list, and takes the central proxy's value of a worker in both", () => {
  const pool = [
    { workerId: `sn89auction.${HOTKEY}.a`, hashrate: 1 },
    { workerId: `${HOTKEY}.a`, hashrate: "2" },
    { workerId: `${HOTKEY}.b`, hashrate: 5 },
  ];
  const proxy = [{ workerId: `sn89auction.${HOTKEY}.b`, hashrate: 7 }];
  assert.deepEqual([...mergeWorkers(HOTKEY, pool, proxy)], [["a", 3n], ["b", 7n]]);
});

Deno.test("mergeWorkers() leaves out other hotkeys and ids that name nobody", () => {
  const other = HOTKEY.replace("C", "D");
  const ids = ["", HOTKEY, `sn89auction.${HOTKEY}`, `sn89auction.${HOTKEY}.`, `sn89auction.${other}.a`];
  const records = ids.map((workerId) => ({ workerId, hashrate: 1e15 }));
  assert.deepEqual([...mergeWorkers(HOTKEY, records, records)], []);
});

Deno.test("mergeWorkers() reads numbers, decimal text and null, and refuses other text", () => {
  const read = (hashrate: number | string | null): bigint | undefined =>
    mergeWorkers(HOTKEY, [], [{ workerId: `${HOTKEY}.a`, hashrate }]).get("a");
  assert.deepEqual([450e12, 4.5e14 + 0.75, "12.9", " 3 ", 1e21, 1e-7, null].map(read), [
    450_000_000_000_000n,
    450_000_000_000_000n,
    12n,
    3n,
    10n ** 21n,
    0n,
    0n,
  ]);
  for (const hashrate of ["", "fast", NaN, Infinity]) assert.throws(() => read(hashrate), ProtocolError);
});

Deno.test("creditDelivery() at one price fills the won workers with the sum, the largest first", () => {
  const credit = creditDelivery([won(0.2), won(0.45), won(0.25)], hashes(0.3, 0.2));
  assert.deepEqual(credit.workers.map(({ creditedPh }) => Number(creditedPh.toFixed(9))), [0.45, 0.05, 0]);
  assert.equal(credit.creditedPh, 0.5);
  assert.equal(creditDelivery([won(0.45), won(0.45)], hashes(2)).creditedPh, 0.9);
});

Deno.test("creditDelivery() at several prices credits no more than one won worker to each worker id", () => {
  const twoPrices = [won(0.45, LOW), won(0.45, HIGH)];
  assert.equal(creditDelivery(twoPrices, hashes(0.9)).creditedPh, 0.45);
  assert.equal(creditDelivery(twoPrices, hashes(0.45, 0.45)).creditedPh, 0.9);
  assert.equal(creditDelivery(twoPrices, hashes(0.5, 0.1, 0.3)).creditedPh, 0.75);
});

Deno.test("creditDelivery() finds a ban below a tenth of what was won", () => {
  const ofTwo = (deliveredPh: number): boolean =>
    creditDelivery([won(0.45), won(0.45)], hashes(deliveredPh)).isBan;
  assert.deepEqual([0, 0.0899, 0.0901, 0.9].map(ofTwo), [true, true, false, false]);
  assert.equal(creditDelivery([], hashes(1)).isBan, false);
});

Deno.test("mostCreditablePh() is what the largest deliveries from that many worker ids are credited with", () => {
  const sizes = fc.constantFrom(0.05, 0.1, 0.25, 0.45);
  const prices = fc.constantFrom(LOW, HIGH);
  const workers = fc.array(fc.tuple(sizes, prices).map(([size, price]) => won(size, price)), {
    maxLength: 8,
  });
  fc.assert(fc.property(workers, fc.nat(10), (all, workerIds) => {
    const { creditedPh } = creditDelivery(all, hashes(...Array<number>(workerIds).fill(10)));
    assert.ok(Math.abs(mostCreditablePh(all, workerIds) - creditedPh) < 1e-9);
  }));
});
