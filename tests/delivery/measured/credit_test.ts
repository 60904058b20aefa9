import assert from "node:assert/strict";
import { reportCredit } from "../../../src/delivery/measured/credit.ts";

const HIGH = 1_050_000_000_000_000_000n;
const LOW = 980_000_000_000_000_000n;

const workers = (...entries: [string, number][]): ReadonlyMap<string, bigint> =>
  new Map(entries.map(([worker, hashratePh]) => [worker, BigInt(Math.round(hashratePh * 1e15))]));

Deno.test("reportCredit() adds up equal workers of several proxies, and lists the largest first", () => {
  const won = [{ hashratePh: 0.45, priceFp18: HIGH }, { hashratePh: 0.45, priceFp18: HIGH }];
  const credit = reportCredit(won, [workers(["a", 0.1], ["b", 0.2]), workers(["a", 0.25])], 240);
  assert.deepEqual(credit.workers, [{ worker: "a", hashratePh: 0.35 }, { worker: "b", hashratePh: 0.2 }]);
  const { creditedPh, deliveredPh, wonHashratePh, ratio, isBan, seconds } = credit;
  assert.equal(creditedPh.toFixed(9), "0.550000000");
  assert.equal(deliveredPh.toFixed(9), "0.550000000");
  assert.deepEqual([wonHashratePh, ratio?.toFixed(6), isBan, seconds], [0.9, "0.611111", false, 240]);
  assert.deepEqual(
    credit.won.map(({ hashratePh, price, creditedPh }) => [hashratePh, price, creditedPh.toFixed(3)]),
    [
      [0.45, "1.05", "0.450"],
      [0.45, "1.05", "0.100"],
    ],
  );
});

Deno.test("reportCredit() credits one worker id with one won worker where there are several prices", () => {
  const won = [{ hashratePh: 0.45, priceFp18: LOW }, { hashratePh: 0.45, priceFp18: HIGH }];
  const { creditedPh, deliveredPh, ratio } = reportCredit(won, [workers(["worker1", 0.9])], 720);
  assert.deepEqual([creditedPh, deliveredPh, ratio], [0.45, 0.9, 0.5]);
});

Deno.test("reportCredit() has no ratio where nothing was won", () => {
  const { creditedPh, deliveredPh, ratio, isBan } = reportCredit([], [workers(["a", 0.2])], 720);
  assert.deepEqual([creditedPh, deliveredPh, ratio, isBan], [0, 0.2, null, false]);
});
