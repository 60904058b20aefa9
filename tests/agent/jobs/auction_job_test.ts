import assert from "node:assert/strict";
import { DEFAULT_AMBIGUITY_POLICY } from "../../../src/auction/ambiguity.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { type KnownWindow, runAuctionJob } from "../../../src/agent/jobs/auction_job.ts";
import { type AuctionResult, readAuctionAnswer } from "../../../src/agent/jobs/auction_result.ts";
import { connectorFor } from "../../../src/agent/jobs/connect.ts";
import type { LogFields } from "../../../src/lib/log.ts";
import { epochStart, windowAt } from "../../../src/auction/protocol/windows.ts";
import { type Simulator, startSimulator } from "../../../src/simulator/mod.ts";
import { NETUID, publishPrices, setUpMarket, TEMPO } from "../../../scripts/scene/market.ts";

const START = 7_500_000;
const WINDOW = windowAt(START, epochStart(NETUID, TEMPO, START));

interface JobOptions {
  readonly known?: KnownWindow | null;
  /** Runs at each sleep of the waiting job, with its number from 1. */
  readonly onSleep?: (round: number) => void | Promise<void>;
  /** How long each question to the chain seems to take. */
  readonly answerMs?: number;
}

/** The job against a simulator, and what the main thread makes of its answer. */
async function run(
  simulator: Simulator,
  hotkey: string,
  { known = null, onSleep = () => {}, answerMs = 0 }: JobOptions = {},
): Promise<AuctionResult & { log: LogRecorder; steps: string[]; connections: number }> {
  const log = new LogRecorder();
  const steps: string[] = [];
  let connections = 0;
  const network = { endpoints: [simulator.url], expectedGenesisHash: undefined };
  const connect = connectorFor(network, log);
  const input = { netuid: NETUID, hotkey, onAmbiguous: DEFAULT_AMBIGUITY_POLICY, known };
  let round = 0;
  let looks = 0;
  const answer = await runAuctionJob(
    input,
    {
      connect: async (avoid) => {
        const chain = await connect(avoid);
        connections++;
        return chain;
      },
      remainingMs: () => 20_000,
      sleep: async () => await onSleep(++round),
      monotonicMs: () => round * 1000 + looks++ * answerMs,
      step: (step) => steps.push(step),
      log,
    },
  );
  const result = readAuctionAnswer(structuredClone(answer), { ...input, network });
  return { ...result, log, steps, connections };
}

async function market(
  headBlock: number,
): Promise<{ simulator: Simulator; hotkey: string } & AsyncDisposable> {
  const simulator = await startSimulator({ startBlock: WINDOW.firstBlock - 30, timestamps: "clock" });
  const { miners } = setUpMarket(simulator.chain, WINDOW.firstBlock - 40);
  publishPrices(simulator.chain, "0.5", WINDOW.firstBlock - 31);
  simulator.chain.setHead(headBlock);
  return { simulator, hotkey: miners[0]!.hotkey, [Symbol.asyncDispose]: () => simulator.close() };
}

Deno.test("runAuctionJob() computes the window the chain is in, from its first block", async () => {
  await using scene = await market(WINDOW.firstBlock + 10);
  // What happens after the first block does not count.
  publishPrices(scene.simulator.chain, "0.1", WINDOW.firstBlock + 10);
  const result = await run(scene.simulator, scene.hotkey);
  assert.ok(result.kind === "computed");
  assert.deepEqual(result.window, WINDOW);
  assert.equal(result.outcome.prices.cap, "0.5");
  assert.equal(result.outcome.window.firstBlockHash, scene.simulator.chain.blockHash(WINDOW.firstBlock));
  assert.equal(result.outcome.window.lastBlockTimeEstimated, true);
  assert.equal(result.completed, null);
  assert.equal(
    result.steps.at(-1),
    `computing the auction of the window that begins at block ${WINDOW.firstBlock}`,
  );
});

Deno.test("runAuctionJob() says when the line to the chain is why a window takes long", async () => {
  await using scene = await market(WINDOW.firstBlock + 10);
  const said = async (answerMs: number): Promise<LogFields | undefined> =>
    (await run(scene.simulator, scene.hotkey, { answerMs })).log.fieldsOf(
      "Line to the chain is slow, or its node",
    );
  assert.equal(await said(9_000), undefined);
  const { endpoint, read_seconds, received_kb } = await said(11_000) ?? {};
  assert.deepEqual([endpoint, read_seconds], [scene.simulator.url, 11]);
  assert.ok(Number(received_kb) > 10, String(received_kb));
});

Deno.test("runAuctionJob() waits for a close window through a lost connection, and reports the one that closed", async () => {
  await using scene = await market(WINDOW.lastBlock - 1);
  const { simulator, hotkey } = scene;
  const result = await run(simulator, hotkey, {
    onSleep: (round) => {
      if (round === 2) simulator.disconnectAll();
      if (round === 4) simulator.chain.advance(2);
    },
  });
  assert.ok(result.kind === "computed");
  assert.equal(result.window.firstBlock, WINDOW.lastBlock + 1);
  assert.equal(result.completed?.firstBlock, WINDOW.firstBlock);
  assert.equal(result.connections, 2);
  assert.ok(result.log.events("warning").includes("Cannot look at the head while waiting"));
  assert.equal(result.log.fieldsOf("Next window began")?.wait_rounds, 4);
});

Deno.test("runAuctionJob() computes a known window again only if its inputs changed", async () => {
  await using scene = await market(WINDOW.firstBlock + 10);
  const { simulator, hotkey } = scene;
  const first = await run(simulator, hotkey);
  assert.ok(first.kind === "computed");
  const { firstBlock, mechanismEmissionSplit } = first.snapshot;
  const known = { window: first.window, firstBlock, mechanismEmissionSplit };
  assert.equal((await run(simulator, hotkey, { known })).kind, "unchanged");

  simulator.chain.setMechanismEmissionSplit(NETUID, [60_000, 5_535]);
  const moved = await run(simulator, hotkey, { known });
  assert.equal(moved.kind, "computed");

  simulator.chain.setMechanismEmissionSplit(NETUID, [...mechanismEmissionSplit!]);
  assert.equal((await run(simulator, hotkey, { known })).kind, "unchanged");
  simulator.chain.reorganise(12);
  assert.equal((await run(simulator, hotkey, { known })).kind, "computed");
});

Deno.test("runAuctionJob() fails without a share for the mechanism, which is an error of this run", async () => {
  await using scene = await market(WINDOW.firstBlock + 10);
  scene.simulator.chain.setMechanismEmissionSplit(NETUID, null);
  await assert.rejects(
    run(scene.simulator, scene.hotkey),
    (error) => error instanceof Error && error.name === "ProtocolError",
  );
});

Deno.test("runAuctionJob() reads the genesis where a young chain's first window begins before it", async () => {
  await using simulator = await startSimulator({ startBlock: 3, timestamps: "clock" });
  setUpMarket(simulator.chain, 2);
  const head = simulator.chain.head.number;
  const window = windowAt(head, epochStart(NETUID, TEMPO, head));
  assert.ok(window.firstBlock < 0, "the case is made for this");
  const result = await run(simulator, "nobody");
  assert.ok(result.kind === "computed");
  assert.equal(result.snapshot.firstBlock.number, 0);
  assert.equal(result.outcome.window.firstBlock, window.firstBlock);
});
