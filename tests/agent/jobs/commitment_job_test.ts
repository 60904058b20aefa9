import assert from "node:assert/strict";
import type { BlockRef, ChainConnection } from "../../../src/chain/types.ts";
import { type CommitmentResult, runCommitmentJob } from "../../../src/agent/jobs/commitment_job.ts";
import { epochStart, windowAt } from "../../../src/auction/protocol/windows.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

const NETUID = 89;
const TEMPO = 360;
const WINDOW = windowAt(8_000_000, epochStart(NETUID, TEMPO, 8_000_000));
const HEAD_TIME_MS = Date.UTC(2026, 0, 1);

interface Scene {
  readonly headNumber: number;
  readonly text: string;
  /** The bid on the chain and its block. */
  readonly current?: { readonly text: string; readonly block: number | null };
  readonly headTimeMs?: number | null;
  readonly dryRun?: boolean;
  /** The block that the extrinsic gets into. */
  readonly includedIn?: number;
}

/** The job on a scripted chain. */
async function run(scene: Scene): Promise<CommitmentResult & { log: LogRecorder }> {
  const {
    headNumber,
    text,
    current,
    headTimeMs = HEAD_TIME_MS,
    dryRun = false,
    includedIn = headNumber + 1,
  } = scene;
  let onChain = current;
  const head: BlockRef = { number: headNumber, hash: "0xhead" };
  const chain = {
    endpoint: "ws://node",
    bestHead: () => Promise.resolve(head),
    tempo: () => Promise.resolve(TEMPO),
    timestampMs: () => Promise.resolve(headTimeMs),
    registeredUid: () => Promise.resolve(7),
    readCommitment: () =>
      Promise.resolve(
        onChain === undefined ? null : {
          block: onChain.block,
          fieldKind: "Raw",
          data: `0x${new TextEncoder().encode(onChain.text).toHex()}`,
        },
      ),
    pendingExtrinsicCount: () => Promise.resolve(0),
    signCommitment: () => Promise.resolve({ hex: "0x", hash: "0x1" }),
    submit: () => {
      onChain = { text, block: includedIn };
      return Promise.resolve("0x2");
    },
    outcomeOf: () => Promise.resolve({ extrinsicHash: "0x1", blockHash: "0x2", blockNumber: includedIn }),
    watchStalls: () => () => {},
    close: () => Promise.resolve(),
  } as Partial<ChainConnection> as ChainConnection;
  const log = new LogRecorder();
  const workerCount = text === "2;b;" ? 0 : 2;
  const result = await runCommitmentJob(
    { netuid: NETUID, hotkey: "me", text, workerCount, force: false, dryRun },
    {
      connect: () => Promise.resolve(chain),
      openSigner: () => Promise.resolve({ address: "me", [Symbol.dispose]: () => {} } as never),
      sleep: () => Promise.resolve(),
      remainingMs: () => 100_000,
      step: () => {},
      log,
    },
  );
  return { ...result, log };
}

const BID = "2;b;BTC,1=0.45:2";

Deno.test("runCommitmentJob() names the first window whose auction reads the bid, and when it begins", async () => {
  const headNumber = WINDOW.firstBlock + 9;
  const { action, countsFrom, log } = await run({ headNumber, text: BID });
  assert.equal(action, "published");
  assert.equal(countsFrom?.window.firstBlock, WINDOW.lastBlock + 1);
  const blocks = WINDOW.lastBlock + 1 - headNumber;
  assert.equal(countsFrom?.beginsAt, new Date(HEAD_TIME_MS + blocks * 12_000).toISOString());
  assert.ok(!log.events().includes("Bid withdrawn"));
});

Deno.test("runCommitmentJob() counts a bid in a window's first block for that window", async () => {
  const scene = { headNumber: WINDOW.lastBlock, text: BID };
  assert.equal((await run(scene)).countsFrom?.window.firstBlock, WINDOW.lastBlock + 1);
  const late = await run({ ...scene, includedIn: WINDOW.lastBlock + 2 });
  assert.ok(late.countsFrom!.window.firstBlock > WINDOW.lastBlock + 1);
});

Deno.test("runCommitmentJob() reports since when an up-to-date bid counts, if its block is known", async () => {
  const scene = { headNumber: WINDOW.firstBlock + 9, text: "2;b;" };
  const known = await run({ ...scene, current: { text: "2;b;", block: WINDOW.firstBlock - 3 } });
  assert.equal(known.action, "up-to-date");
  assert.deepEqual(known.countsFrom?.window, WINDOW);
  assert.equal(known.countsFrom?.beginsAt, new Date(HEAD_TIME_MS - 9 * 12_000).toISOString());
  assert.deepEqual(known.log.events("info"), ["Miner commitment up to date", "Bid withdrawn"]);
});

Deno.test("runCommitmentJob() replaces a bid by the empty one, and without a clock leaves the time open", async () => {
  const scene = { headNumber: WINDOW.firstBlock, text: "2;b;", headTimeMs: null };
  const current = { text: BID, block: WINDOW.firstBlock - 5 };
  const published = await run({ ...scene, current });
  assert.equal(published.reason, "differs");
  assert.equal(published.countsFrom?.beginsAt, null);
  assert.ok(published.log.events("info").includes("Bid withdrawn"));
  const rehearsed = await run({ ...scene, current, dryRun: true });
  assert.equal(rehearsed.action, "would-publish");
  assert.deepEqual(rehearsed.countsFrom, published.countsFrom);
  assert.ok(rehearsed.log.events("info").includes("Bid would be withdrawn"));
});
