import assert from "node:assert/strict";
import { type Advice, type AdviceInput, advise } from "../../../src/auction/advice/advice.ts";
import type { PriceLine } from "../../../src/auction/advice/window_advice.ts";
import { concludeAuction } from "../../../src/auction/outcome.ts";
import { prepareAuction } from "../../../src/auction/inputs/prepare.ts";
import type { AuctionSnapshot } from "../../../src/auction/inputs/snapshot.ts";
import { parseFp18 } from "../../../src/auction/protocol/fp18.ts";
import type { WorkerOffer } from "../../../src/auction/protocol/worker_sizes.ts";
import { solveBuiltIn } from "../../../src/auction/solver/solve.ts";
import { FIRST_BLOCK, makeRecord, makeSnapshot, PRICES } from "../inputs/make_snapshot.ts";

const OWN = "own";

function offer(price: string, sizes: Record<string, number>): WorkerOffer {
  return { priceFp18: parseFp18(price), kind: "sizes", sizes: Object.entries(sizes) };
}

/** A cap that gives about this budget. */
function budget(hashratePh: number): Record<string, { prices: Record<string, string> }> {
  return { validator: { prices: { ...PRICES, cap: (hashratePh / 100.799).toFixed(6) } } };
}

function windowOf(snapshot: AuctionSnapshot): AdviceInput["windows"][number] {
  const { number } = snapshot.firstBlock;
  return { snapshot, window: { index: 0, firstBlock: number, lastBlock: number + 59 } };
}

async function adviceOf(
  snapshots: readonly AuctionSnapshot[],
  offers: readonly WorkerOffer[],
  options: Partial<AdviceInput> = {},
): Promise<Advice> {
  return await advise({
    windows: snapshots.map(windowOf),
    hotkey: OWN,
    storageKey: snapshots.at(-1)!.commitments.find(({ hotkey }) => hotkey === OWN)?.storageKey ?? "0x",
    offers,
    alternativeFp18: parseFp18("1"),
    windowLimitMs: 20_000,
    now: () => performance.now(),
    pause: () => Promise.resolve(),
    ...options,
  });
}

function lineAt({ lines }: Advice, price: string): Advice["lines"][number] {
  const line = lines.find((each) => each.price === price);
  assert.ok(line !== undefined, price);
  return line;
}

/** The outcome as the auction job and `replay` compute it. */
async function outcomeOf(snapshot: AuctionSnapshot): Promise<ReturnType<typeof concludeAuction>["own"]> {
  const prepared = prepareAuction(snapshot);
  const solved = prepared.problem === null ? null : await solveBuiltIn(prepared.problem, {
    ownHotkey: OWN,
    prefer: "fewest-own",
    timeLimitMs: 20_000,
  });
  const { window } = windowOf(snapshot);
  return concludeAuction({ snapshot, window, hotkey: OWN, onAmbiguous: "deliver-safe", prepared, solved })
    .own;
}

const MARKET = {
  a: "2;b;BTC,0.95=0.45:4",
  b: "2;b;BTC,1=0.2:3,0.45:2",
  [OWN]: "2;b;BTC,1.02=0.25:2,0.45:2",
  c: "2;b;BTC,1.02=0.25:4",
  d: "2;b;BTC,1.05=0.1:3",
};
const OFFER = [offer("1.02", { "0.25": 2, "0.45": 2 })];

Deno.test("advise() gives the price on the chain the auction's own outcome range", async () => {
  for (const hashratePh of [2, 3, 3.5, 4, 4.4, 5]) {
    const snapshot = makeSnapshot({ bids: MARKET, validators: budget(hashratePh) });
    const advice = await adviceOf([snapshot], OFFER);
    const { certainHashratePh, possibleHashratePh } = await outcomeOf(snapshot);
    const expected = { fewest: certainHashratePh, most: possibleHashratePh };
    const line = lineAt(advice, "1.02");
    assert.deepEqual(line.hashratePh, expected, `${hashratePh} PH`);
    assert.deepEqual(advice.windows[0]!.current.hashratePh, expected);
    assert.deepEqual([line.isOnChain, line.isConfigured], [true, true]);
  }
});

Deno.test("advise() gives every price the range of the auction with that bid on the chain", async () => {
  const validators = budget(3.5);
  const advice = await adviceOf([makeSnapshot({ bids: MARKET, validators })], OFFER);
  let ambiguous = 0;
  for (const line of advice.lines) {
    const bids = { ...MARKET, [OWN]: `2;b;BTC,${line.price}=0.25:2,0.45:2` };
    const { certainHashratePh, possibleHashratePh } = await outcomeOf(makeSnapshot({ bids, validators }));
    const expected = { fewest: certainHashratePh, most: possibleHashratePh };
    assert.deepEqual(line.hashratePh, expected, line.price);
    if (expected.fewest !== expected.most) ambiguous++;
  }
  assert.ok(ambiguous > 0, "the market has a price with several optimal outcomes");
  // 1.02 is one of the steps.
  assert.equal(advice.lines.length, 31);
});

Deno.test("advise() knows the validators' winners where all workers have one size, by the place of the record", async () => {
  const bids = { a: "2;b;BTC,1.05=0.45:2", [OWN]: "2;b;BTC,1.05=0.45:2", z: "2;b;BTC,1.05=0.45:2" };
  const snapshot = makeSnapshot({ bids, validators: budget(1.6) });
  const advice = await adviceOf([snapshot], [offer("1.05", { "0.45": 2 })]);
  const { certainHashratePh, possibleHashratePh } = await outcomeOf(snapshot);
  const line = lineAt(advice, "1.05");
  assert.equal(certainHashratePh, possibleHashratePh);
  assert.deepEqual(line.hashratePh, { fewest: certainHashratePh, most: certainHashratePh });
  assert.equal(line.decidedWindows, 1);
  assert.equal(advice.windows[0]!.current.decidedBy, "single-size rule");
});

Deno.test("advise() pays what wins at its price, and names the best line", async () => {
  const advice = await adviceOf([makeSnapshot({ bids: MARKET, validators: budget(5) })], OFFER);
  const best = lineAt(advice, advice.bestPrice!);
  assert.ok(best.isBest && advice.lines.filter(({ isBest }) => isBest).length === 1);
  // 1.4 PH at 1.015 win before c at 1.02, at 50 USDC per PH and day; alpha costs 3.5 USDC.
  const line = lineAt(advice, "1.015");
  assert.deepEqual(line.workers, { fewest: 4, most: 4 });
  assert.equal(line.perDay.most.usdc.toFixed(9), (1.4 * 50 * 1.015).toFixed(9));
  assert.equal(line.perDay.most.alpha.toFixed(9), (1.4 * 50 * 1.015 / 3.5).toFixed(9));
  assert.equal(line.advantagePerDayUsdc.fewest.toFixed(9), (1.4 * 50 * 0.015).toFixed(9));
  for (const { advantagePerDayUsdc: { fewest, most } } of advice.lines) {
    assert.ok(Math.min(fewest, most) <= best.advantagePerDayUsdc.fewest + 1e-9);
  }
});

Deno.test("advise() names no best line where the hashrate earns as much elsewhere", async () => {
  const snapshot = makeSnapshot({ bids: MARKET, validators: budget(4.4) });
  const dear = await adviceOf([snapshot], OFFER, { alternativeFp18: parseFp18("1.05") });
  assert.equal(dear.bestPrice, null);
  assert.ok(!dear.lines.some(({ isBest }) => isBest));
  const cheap = await adviceOf([snapshot], OFFER, { alternativeFp18: 0n });
  const line = lineAt(cheap, cheap.bestPrice!);
  assert.equal(line.advantagePerDayUsdc.fewest, line.perDay.fewest.usdc);
});

Deno.test("advise() says why a price wins nothing: above the maximum, outbid, over budget, too long", async () => {
  const over = makeSnapshot({ bids: { [OWN]: "2;b;BTC,1.2=0.45:1", a: "2;b;BTC,1=0.45:1" } });
  const advice = await adviceOf([over], [offer("1", { "0.45": 1 })]);
  assert.equal(lineAt(advice, "1.2").reason?.code, "over-max-price");
  assert.match(lineAt(advice, "1.2").reason!.message, /above the maximum of 1\.05/);
  assert.equal(advice.windows[0]!.current.reason?.code, "over-max-price");
  assert.equal(lineAt(advice, "1").reason, null);

  const small = await adviceOf([makeSnapshot({ bids: MARKET, validators: budget(0.2) })], [
    offer("1", { "0.45": 1 }),
  ]);
  assert.ok(small.lines.every(({ reason }) => reason?.code === "cost-above-cap"));

  const none = await adviceOf([makeSnapshot({ bids: MARKET, validators: {} })], OFFER);
  assert.ok(none.lines.every(({ reason }) => reason?.code === "prices-missing"));
  assert.deepEqual([none.bestPrice, none.windows[0]!.market.marginalPrice], [null, null]);

  const sizes = Object.fromEntries(
    Array.from({ length: 14 }, (_, i) => [`0.1${String(i).padStart(2, "0")}`, 1]),
  );
  const long = await adviceOf([makeSnapshot({ bids: MARKET })], [offer("1", { ...sizes, "0.45": 1 })]);
  assert.equal(lineAt(long, "0.905").reason?.code, "too-long");
  assert.equal(lineAt(long, "1").reason, null);
});

Deno.test("advise() makes a fresh bid of a hotkey that has none in the auction, and says why", async () => {
  const old = makeRecord(OWN, MARKET[OWN], { block: FIRST_BLOCK - 800 });
  const { [OWN]: _, ...others } = MARKET;
  const { bids: _bids, ...fixture } = { bids: others, validators: budget(20) };
  const cases: [string, AuctionSnapshot][] = [
    ["too-old", makeSnapshot({ ...fixture, bids: others, records: [old] })],
    ["withdrawn", makeSnapshot({ ...fixture, bids: { ...others, [OWN]: "2;b;" } })],
    ["not-registered", makeSnapshot({ ...fixture, bids: others })],
    [
      "banned",
      makeSnapshot({
        bids: MARKET,
        validators: { validator: { ...fixture.validators.validator!, bannedUids: [2] } },
      }),
    ],
  ];
  for (const [code, snapshot] of cases) {
    const advice = await adviceOf([snapshot], OFFER);
    const [window] = advice.windows;
    assert.equal(window!.standing?.code, code);
    assert.equal(window!.current.reason?.code, code);
    assert.deepEqual(window!.current.workers, { fewest: 0, most: 0 });
    assert.equal(window!.registered, code !== "not-registered");
    assert.deepEqual(lineAt(advice, "1.05").workers, { fewest: 4, most: 4 }, code);
  }
});

Deno.test("advise() describes the other bidders around each price", async () => {
  const bids = { ...MARKET, e: "2;b;BTC,1.5=0.45:9" };
  const advice = await adviceOf([makeSnapshot({ bids, validators: budget(4.4) })], OFFER);
  const [window] = advice.windows;
  const { marginalPrice, hashratePh, ...counts } = window!.market;
  // e is above the maximum.
  assert.deepEqual(counts, { bidders: 4, workers: 4 + 5 + 4 + 3 });
  assert.equal(hashratePh.toFixed(9), (1.8 + 1.5 + 1 + 0.3).toFixed(9));
  assert.equal(marginalPrice, "1.02");
  const { belowPh, atPh } = lineAt(advice, "1.02").market;
  assert.deepEqual([belowPh.toFixed(9), atPh.toFixed(9)], ["3.300000000", "1.000000000"]);
});

Deno.test("advise() averages each price over the windows", async () => {
  const snapshots = [2, 3.5, 5].map((hashratePh) =>
    makeSnapshot({ bids: MARKET, validators: budget(hashratePh) })
  );
  const advice = await adviceOf(snapshots, OFFER);
  for (const [i, line] of advice.lines.entries()) {
    const single = advice.windows.map(({ lines }) => lines[i]!);
    const mean = (of: (each: PriceLine) => number): string =>
      (single.reduce((sum, each) => sum + of(each), 0) / 3).toFixed(9);
    assert.equal(line.hashratePh.most.toFixed(9), mean(({ hashratePh }) => hashratePh.most));
    assert.equal(line.workers.fewest.toFixed(9), mean(({ workers }) => workers.fewest));
    assert.equal(line.perDay.most.usdc.toFixed(9), mean(({ perDay }) => perDay.most.usdc));
    assert.equal(line.advantagePerDayUsdc.most.toFixed(9), mean((each) => each.advantagePerDayUsdc.most));
    assert.equal(line.reason === null, single.some(({ reason }) => reason === null));
  }
  const [first, , last] = advice.windows;
  assert.notDeepEqual(first!.current.hashratePh, last!.current.hashratePh);
});

Deno.test("advise() gives outer bounds when its time is up", async () => {
  const bids = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [
      i === 5 ? OWN : `h${i}`,
      `2;b;BTC,1.05=0.${234 + 17 * i}:3,0.${112 + 9 * i}:3`,
    ]),
  );
  const snapshot = makeSnapshot({ bids, validators: budget(9) });
  const offers = [offer("1.05", { "0.319": 3, "0.157": 3 })];
  let time = 0;
  const hurried = await adviceOf([snapshot], offers, { windowLimitMs: 1, now: () => time += 1 });
  const exact = await adviceOf([snapshot], offers, { now: () => 0 });
  const [rough, fine] = [lineAt(hurried, "1.05"), lineAt(exact, "1.05")];
  assert.ok(!rough.exact && fine.exact);
  assert.ok(
    rough.hashratePh.fewest <= fine.hashratePh.fewest && rough.hashratePh.most >= fine.hashratePh.most,
  );
});

Deno.test("advise() lets the caller end it between two prices", async () => {
  let pauses = 0;
  const pause = (): Promise<void> => ++pauses < 3 ? Promise.resolve() : Promise.reject(new Error("enough"));
  await assert.rejects(adviceOf([makeSnapshot({ bids: MARKET })], OFFER, { pause }), { message: "enough" });
  assert.equal(pauses, 3);
});
