import assert from "node:assert/strict";
import { DEFAULT_AMBIGUITY_POLICY } from "../../src/auction/ambiguity.ts";
import type { PayComparison, PayReport } from "../../src/auction/credit/pay_comparison.ts";
import { WINDOW_BLOCKS } from "../../src/auction/protocol/constants.ts";
import { connectChain } from "../../src/chain/connection.ts";
import type { ChainConnection } from "../../src/chain/types.ts";
import { PayKeeper } from "../../src/agent/pay_keeper.ts";
import { runAuctionJob } from "../../src/agent/jobs/auction_job.ts";
import { readAuctionAnswer } from "../../src/agent/jobs/auction_result.ts";
import {
  NETUID,
  publishPrices,
  renewBids,
  setUpMarket,
  START_BLOCK,
  windowOf,
} from "../../scripts/scene/market.ts";
import { StandInValidators } from "../../scripts/scene/validators.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { LogRecorder } from "../support/log_recorder.ts";

const EPOCH_BLOCKS = 361;
const ME = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
/** No other miner has workers of this size, so that the outcome is one and the same for everybody. */
const BID = "2;b;BTC,0.9=0.41:2";
/** 0.82 PH at 0.9 of the PH that the miners' part of mechanism 1's emission buys, by the prices of the first validator. */
const SHARE_BY_HAND = 0.82 * 0.9 / (7200 * 0.41 * 5035 / 65_535 * 0.0119 * 352.18 / 49.9);
/** The first block of a validation epoch. */
const FIRST = windowOf(START_BLOCK).firstBlock - windowOf(START_BLOCK).index * WINDOW_BLOCKS;

/** A market, its validators, and the auction job with the keeper behind it, driven epoch by epoch. */
class Bench implements AsyncDisposable {
  readonly log = new LogRecorder();
  readonly keeper: PayKeeper;
  report: PayReport | null = null;
  #epochs = 0;

  private constructor(
    readonly simulator: Simulator,
    readonly validators: StandInValidators,
    private readonly connection: ChainConnection,
  ) {
    this.keeper = new PayKeeper({
      log: this.log,
      observe: (event) => {
        assert.ok(event.kind === "pay-compared");
        this.report = event.report;
      },
    });
  }

  static async open(): Promise<Bench> {
    const simulator = await startSimulator({ startBlock: FIRST - 30 });
    const { chain } = simulator;
    setUpMarket(chain, FIRST - 40);
    chain.registerNeuron(NETUID, { hotkey: ME });
    chain.setCommitment({ netuid: NETUID, hotkey: ME, data: BID, block: FIRST - 40 });
    const validators = await StandInValidators.open(simulator);
    return new Bench(
      simulator,
      validators,
      await connectChain({ endpoints: [simulator.url], nowMs: Date.now }),
    );
  }

  /** Plays a validation epoch, in whose window 0 the validators settle the one before. */
  async playEpoch(windows: readonly number[] = [0, 1, 2, 3, 4, 5]): Promise<void> {
    const { chain } = this.simulator;
    const firstBlock = FIRST + this.#epochs++ * EPOCH_BLOCKS;
    for (let index = 0; index < 6; index++) {
      const windowBlock = firstBlock + index * WINDOW_BLOCKS;
      chain.setHead(windowBlock - 1);
      if (index === 3) this.#renew();
      publishPrices(chain, ["0.5", "0.35", "0.6"][index % 3]!, windowBlock - 1);
      chain.advance(2);
      if (windows.includes(index)) await this.computeWindow();
      if (index === 0) await this.validators.settle();
    }
  }

  async computeWindow(readPay?: ChainConnection["readPay"]): Promise<void> {
    const asked = { netuid: NETUID, hotkey: ME, onAmbiguous: DEFAULT_AMBIGUITY_POLICY, known: null };
    const answer = await runAuctionJob(
      asked,
      {
        connect: () => Promise.resolve(this.#lasting(readPay)),
        remainingMs: () => 20_000,
        sleep: () => Promise.resolve(),
        monotonicMs: () => 0,
        step: () => {},
        log: this.log,
      },
    );
    const network = { endpoints: [this.simulator.url], expectedGenesisHash: undefined };
    const computed = readAuctionAnswer(answer, { ...asked, network });
    assert.ok(computed.kind === "computed");
    this.keeper.notice({ kind: "outcome-computed", computed });
  }

  /** The comparisons with all windows seen. */
  get judged(): PayComparison[] {
    return (this.report?.comparisons ?? []).filter(({ verdict }) => verdict !== "unknown");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.validators[Symbol.asyncDispose]();
    await this.connection.close();
    await this.simulator.close();
  }

  /** Bids expire after 150 minutes. */
  #renew(): void {
    const { chain } = this.simulator;
    renewBids(chain, 0, chain.head.number);
    chain.setCommitment({ netuid: NETUID, hotkey: ME, data: BID });
  }

  /** The connection, which a job does not close. */
  #lasting(readPay?: ChainConnection["readPay"]): ChainConnection {
    return new Proxy(this.connection, {
      get: (target, name) => {
        if (name === "close") return () => Promise.resolve();
        // Here many windows pass while a connection is young.
        if (name === "recentHead") return () => target.bestHead();
        if (name === "readPay" && readPay !== undefined) return readPay;
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }
}

Deno.test("PayKeeper agrees with what the chain pays for three epochs, then finds six without credit", async () => {
  await using bench = await Bench.open();
  for (let epoch = 0; epoch < 5; epoch++) await bench.playEpoch();
  const { judged, report } = bench;
  assert.equal(judged[0]!.paidAtBlock, FIRST + 60 + 2 * EPOCH_BLOCKS);
  assert.equal(report!.comparableFromBlock, judged[0]!.paidAtBlock);
  assert.equal(judged.length, 3);
  for (const { expectedShare, paidShare, expectedAlpha, paidAlpha, verdict } of judged) {
    assert.ok(Math.abs(expectedShare! / SHARE_BY_HAND - 1) < 0.001, String(expectedShare));
    assert.ok(Math.abs(paidShare / expectedShare! - 1) < 0.01, `${paidShare} instead of ${expectedShare}`);
    assert.ok(
      Math.abs(paidAlpha! / expectedAlpha! - 1) < 0.01,
      `${paidAlpha} instead of ${expectedAlpha} alpha`,
    );
    assert.equal(verdict, "as-expected");
  }

  bench.validators.credit(ME, 0);
  // The weights of the epoch before were committed with credit.
  for (let epoch = 0; epoch < 6; epoch++) await bench.playEpoch();
  assert.equal(bench.report!.shortfall, null);
  assert.deepEqual(bench.log.events("warning"), []);
  await bench.playEpoch();
  const { shortfall } = bench.report!;
  assert.equal(shortfall?.epochs, 6);
  assert.equal(shortfall.paidShare, 0);
  assert.deepEqual(bench.log.events("warning"), ["The chain pays less than our results promise"]);
  const { hint } = bench.log.fieldsOf("The chain pays less than our results promise")!;
  assert.match(String(hint), /Likely causes: the worker id at the subnet's pool is credited to nobody/);

  bench.validators.credit(ME, 1);
  for (let epoch = 0; epoch < 2; epoch++) await bench.playEpoch();
  assert.equal(bench.report!.shortfall, null);
  assert.ok(bench.log.events("info").includes("The chain pays what our results promise"));
});

Deno.test("PayKeeper judges no epoch of which it missed a window, and says from when on it can", async () => {
  await using bench = await Bench.open();
  await bench.playEpoch([4, 5]);
  await bench.playEpoch();
  await bench.playEpoch();
  assert.deepEqual(bench.judged, []);
  // Nothing was paid before the first settlement; of the first epoch two windows were seen.
  assert.deepEqual(bench.report!.comparisons.map(({ windowsSeen }) => windowsSeen), [0, 0, 2]);
  assert.equal(bench.report!.comparableFromBlock, FIRST + 60 + 3 * EPOCH_BLOCKS);
  await bench.playEpoch();
  assert.deepEqual(bench.judged.map(({ paidAtBlock }) => paidAtBlock), [bench.report!.comparableFromBlock]);
});

Deno.test("a window's outcome does without the pay if the node fails or does not answer", async () => {
  await using bench = await Bench.open();
  await bench.playEpoch([]);
  await bench.computeWindow(() => Promise.reject(new Error("busy")));
  assert.match(String(bench.log.fieldsOf("Cannot read what the chain paid")?.error), /busy/);
  await bench.computeWindow(() => new Promise(() => {}));
  assert.equal(bench.report, null);
  await bench.computeWindow();
  assert.equal(bench.report!.comparisons.length, 1);
});

Deno.test("PayKeeper does with what a chain tells: epochs by the formula, and weights that count at once", async () => {
  await using bench = await Bench.open();
  await bench.playEpoch();
  const told = { uid: 3, emissionRao: null, revealPeriodEpochs: null, lastEpochBlock: null };
  await bench.computeWindow(() => Promise.resolve({ ...told, incentive: null }));
  assert.deepEqual(bench.report!.comparisons.length, 1);
  bench.simulator.chain.setHead(FIRST + EPOCH_BLOCKS + 62);
  await bench.computeWindow(() => Promise.resolve({ ...told, incentive: 65_535 }));
  const { paidAtBlock, origin, windowsSeen, paidShare, paidAlpha } = bench.report!.comparisons.at(-1)!;
  assert.equal(paidAtBlock, FIRST + EPOCH_BLOCKS + 60);
  assert.deepEqual(origin, { firstBlock: FIRST, lastBlock: FIRST + EPOCH_BLOCKS - 1 });
  assert.deepEqual([windowsSeen, paidShare, paidAlpha], [6, 1, null]);
});
