/** The commitment job against the simulator, whose pool, blocks and finality misbehave. */

import assert from "node:assert/strict";
import { ChainError, DispatchError } from "../../../src/chain/errors.ts";
import { type CommitmentResult, runCommitmentJob } from "../../../src/agent/jobs/commitment_job.ts";
import { type Simulator, startSimulator } from "../../../src/simulator/mod.ts";
import { ALICE, aliceSigner, connect, NETUID } from "../../chain/fixtures.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

const START = 7_500_000;
const BID = "2;b;BTC,1=0.45:2";
const OTHER_BID = "2;b;BTC,2=0.45:1";

/** A chain that builds a block whenever the job waits, and a hotkey that may publish. */
class Scene implements AsyncDisposable {
  readonly log = new LogRecorder();

  private constructor(readonly simulator: Simulator) {}

  /** @param finalityLag in blocks. */
  static async set(finalityLag = 0): Promise<Scene> {
    const simulator = await startSimulator({ startBlock: START, autoInclude: false, finalityLag });
    simulator.chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 0 });
    return new Scene(simulator);
  }

  get chain(): Simulator["chain"] {
    return this.simulator.chain;
  }

  /** The texts of all commitments that extrinsics have put on the best chain, whether they succeeded or not. */
  get submitted(): string[] {
    const texts: string[] = [];
    for (let block = this.chain.head; block.parent !== null; block = block.parent) {
      for (const bytes of block.extrinsics) {
        const text = new TextDecoder().decode(bytes);
        texts.unshift(text.slice(text.indexOf("2;b;")));
      }
    }
    return texts;
  }

  /**
   * One run of the job.
   *
   * @param onStatus called with each status of its extrinsics; by default a block is built for one that is ready.
   * @param onSigned called when an extrinsic is signed and not yet sent.
   * @param onReadBack called before the commitment is read back.
   * @param onWait called whenever the job waits; by default a block is built.
   */
  async run(
    {
      onStatus = (status) => status === "ready" && this.buildSoon(),
      onSigned = () => {},
      onReadBack = () => {},
      onWait = () => this.chain.advance(),
      limitMs = 60_000,
    }: {
      readonly onStatus?: (status: string) => unknown;
      readonly onSigned?: () => unknown;
      readonly onReadBack?: () => unknown;
      readonly onWait?: () => unknown;
      readonly limitMs?: number;
    } = {},
  ): Promise<CommitmentResult> {
    const endMs = performance.now() + limitMs;
    return await runCommitmentJob(
      { netuid: NETUID, hotkey: ALICE, text: BID, workerCount: 2, force: false, dryRun: false },
      {
        connect: async () => {
          const connection = await connect(this.simulator.url);
          const sign = connection.signCommitment.bind(connection);
          connection.signCommitment = async (options) => {
            const signed = await sign(options);
            onSigned();
            return signed;
          };
          return connection;
        },
        openSigner: aliceSigner,
        sleep: async () => {
          await onWait();
          // Time for what the node has to tell.
          await new Promise((resolve) => setTimeout(resolve, 5));
        },
        remainingMs: () => endMs - performance.now(),
        step: (step) => {
          const status = /^waiting for finalization \(extrinsic (\w+)\)$/.exec(step)?.[1];
          if (status !== undefined) onStatus(status);
          if (step === "reading the commitment back") onReadBack();
        },
        log: this.log,
      },
    );
  }

  /** Signs a commitment as another program of the same hotkey does. */
  async signElsewhere(text: string): Promise<string> {
    await using other = await connect(this.simulator.url);
    const data = new TextEncoder().encode(text);
    return (await other.signCommitment({ netuid: NETUID, data, signer: await aliceSigner() })).hex;
  }

  submit(hex: string): void {
    this.chain.submitExtrinsic(Uint8Array.fromHex(hex.slice(2)));
  }

  /** Builds a block after what is under way. */
  buildSoon(): void {
    queueMicrotask(() => this.chain.advance());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.simulator.close();
  }
}

/** Acts the first time that it is called. */
function once(act: () => unknown): () => void {
  let hasActed = false;
  return () => {
    if (!hasActed) act();
    hasActed = true;
  };
}

Deno.test("a lost answer to a submission: the run finds the bid on the chain, and so does the next one", async () => {
  await using scene = await Scene.set();
  const { simulator } = scene;
  const result = await scene.run({ onStatus: once(() => simulator.disconnectAll()) });
  assert.equal(result.action, "published");
  assert.equal(result.submitted?.blockNumber, START + 1);
  assert.equal(scene.log.fieldsOf("Miner commitment updated")?.is_final, false);
  assert.equal((await scene.run()).action, "up-to-date");
  assert.deepEqual(scene.submitted, [BID]);
});

Deno.test("an earlier run's extrinsic that waits in the pool is waited for, and not sent again", async () => {
  await using scene = await Scene.set();
  scene.submit(await scene.signElsewhere(BID));
  const result = await scene.run();
  assert.equal(result.action, "up-to-date");
  assert.equal(scene.log.fieldsOf("Waiting for an earlier extrinsic of this hotkey")?.count, 1);
  assert.deepEqual(scene.submitted, [BID]);
});

Deno.test("an earlier extrinsic with another bid is waited for, then the configured bid is published", async () => {
  await using scene = await Scene.set();
  scene.submit(await scene.signElsewhere(OTHER_BID));
  const result = await scene.run();
  assert.equal(result.action, "published");
  assert.equal(result.currentText, OTHER_BID);
  assert.deepEqual(scene.submitted, [OTHER_BID, BID]);
});

Deno.test("an extrinsic that stays in the pool ends the run with a clear error, and nothing is sent", async () => {
  await using scene = await Scene.set();
  const { chain } = scene;
  scene.submit(await scene.signElsewhere(BID));
  chain.pool.hold(true);
  await assert.rejects(scene.run(), (error) => {
    assert.ok(error instanceof ChainError);
    assert.equal(error.kind, "pending");
    assert.match(
      error.message,
      /^Cannot publish the commitment: an earlier extrinsic .* waits in the pool of ws:/,
    );
    return true;
  });
  assert.equal(chain.pool.pendingCount, 1);
  chain.pool.hold(false);
  assert.equal((await scene.run()).action, "up-to-date");
  assert.deepEqual(scene.submitted, [BID]);
});

for (
  const [takenBy, text, expected] of [["the same bid", BID, [BID]], ["another bid", OTHER_BID, [
    OTHER_BID,
    BID,
  ]]] as const
) {
  for (const [when, builtBlocks] of [["in the pool", 0], ["on the chain", 1]] as const) {
    Deno.test(`a nonce that another program of the hotkey takes for ${takenBy}, ${when}, is noticed`, async () => {
      await using scene = await Scene.set();
      const rival = await scene.signElsewhere(text);
      const takeNonce = once(() => {
        scene.submit(rival);
        if (builtBlocks > 0) scene.chain.advance(builtBlocks);
      });
      const result = await scene.run({ onSigned: takeNonce });
      assert.equal(result.action, "published");
      assert.deepEqual(scene.submitted, expected);
      const { error } = scene.log.fieldsOf("Submission not confirmed: looking for it on the chain")!;
      assert.match(String(error), /the node refused the extrinsic/);
    });
  }

  Deno.test(`an extrinsic that one of another program replaces for ${takenBy} is noticed`, async () => {
    await using scene = await Scene.set();
    const rival = await scene.signElsewhere(text);
    const usurp = once(() => scene.chain.pool.usurp(Uint8Array.fromHex(rival.slice(2))));
    let statuses = 0;
    const onStatus = (): void => statuses++ === 0 ? queueMicrotask(usurp) : scene.buildSoon();
    const result = await scene.run({ onStatus });
    assert.equal(result.action, "published");
    assert.deepEqual(scene.submitted, expected);
    const { error } = scene.log.fieldsOf("Submission not confirmed: looking for it on the chain")!;
    assert.match(String(error), /another extrinsic of this hotkey with the same nonce replaced it/);
  });
}

/** What makes the pool lose an extrinsic that waits, and what the log says of it. */
const LOSSES: readonly [how: string, lose: (chain: Simulator["chain"]) => void, said: RegExp][] = [
  ["dropped", (chain) => chain.pool.drop(), /pool is full and dropped it/],
  ["whose era expires", (chain) => {
    chain.pool.hold(true);
    chain.advance(80);
    chain.pool.hold(false);
  }, /its nonce is used or its era is over/],
];

for (const [how, lose, said] of LOSSES) {
  Deno.test(`an extrinsic ${how} is signed anew in the same run`, async () => {
    await using scene = await Scene.set();
    const loseIt = once(() => lose(scene.chain));
    let statuses = 0;
    const onStatus = (): void => statuses++ === 0 ? queueMicrotask(loseIt) : scene.buildSoon();
    const result = await scene.run({ onStatus });
    assert.equal(result.action, "published");
    assert.deepEqual(scene.submitted, [BID]);
    assert.match(
      String(scene.log.fieldsOf("Submission not confirmed: looking for it on the chain")?.error),
      said,
    );
    assert.ok(scene.log.events("info").includes("Submitting again: the pool has lost the extrinsic"));
  });
}

Deno.test("a node that always refuses is asked three times in a run, and the error says what it said", async () => {
  await using scene = await Scene.set();
  const fault = { kind: "error", code: 1016, message: "Immediately Dropped" } as const;
  scene.simulator.setFault("author_submitAndWatchExtrinsic", fault);
  await assert.rejects(scene.run(), /the node refused the extrinsic, the pool is full.*Immediately Dropped/);
  assert.equal(scene.simulator.requestCounts().author_submitAndWatchExtrinsic, 3);
  assert.deepEqual(scene.submitted, []);
});

Deno.test("an extrinsic whose block loses a fork is waited for until it is in another one", async () => {
  await using scene = await Scene.set(2);
  const { chain } = scene;
  const statuses: string[] = [];
  const result = await scene.run({
    onStatus: (status) => {
      statuses.push(status);
      if (status === "retracted") queueMicrotask(() => chain.advance(4));
      else if (status === "inBlock" && !statuses.includes("retracted")) queueMicrotask(() => chain.rewind(1));
      else if (status === "ready") scene.buildSoon();
    },
  });
  assert.equal(result.action, "published");
  assert.deepEqual(statuses, ["ready", "inBlock", "retracted", "inBlock", "finalized"]);
  assert.deepEqual(scene.submitted, [BID]);
});

Deno.test("an extrinsic whose block loses a fork, and that gets into no other, is left to the next run", async () => {
  await using scene = await Scene.set(2);
  const { chain } = scene;
  const onStatus = (status: string): void => {
    if (status === "ready") scene.buildSoon();
    if (status !== "inBlock") return;
    queueMicrotask(() => {
      chain.pool.hold(true);
      chain.rewind(1);
    });
  };
  await assert.rejects(scene.run({ onStatus, limitMs: 9_200 }), (error) => {
    assert.ok(error instanceof ChainError);
    assert.equal(error.kind, "timeout");
    assert.match(error.message, /not final within \d+ ms .*last status retracted.*the next run/);
    return true;
  });
  chain.pool.hold(false);
  assert.equal((await scene.run()).action, "up-to-date");
  assert.deepEqual(scene.submitted, [BID]);
});

Deno.test("finality that stalls ends the wait in time: the bid on the best chain counts, and it is said", async () => {
  await using scene = await Scene.set(1000);
  const result = await scene.run({ limitMs: 9_200 });
  assert.equal(result.action, "published");
  assert.equal(result.submitted?.blockNumber, START + 1);
  const { error } = scene.log.fieldsOf("Submission not confirmed: looking for it on the chain")!;
  assert.match(String(error), /it was not final within \d+ ms .*last status inBlock/);
  assert.equal(scene.log.fieldsOf("Miner commitment updated")?.is_final, false);
  assert.equal((await scene.run()).action, "up-to-date");
  assert.deepEqual(scene.submitted, [BID]);
});

Deno.test("a node that does not say what became of the commitment: the bid on the chain counts, in time", async () => {
  await using scene = await Scene.set();
  scene.simulator.setFault("chain_getBlock", { kind: "hang" });
  const startMs = performance.now();
  const result = await scene.run({ limitMs: 10_500 });
  assert.ok(performance.now() - startMs < 10_500);
  assert.equal(result.action, "published");
  assert.equal(result.submitted?.blockNumber, START + 1);
  const { error } = scene.log.fieldsOf("Submission not confirmed: looking for it on the chain")!;
  assert.match(
    String(error),
    /Cannot tell whether .*: ws:\/\/\S+ did not say in time what became of extrinsic 0x/,
  );
  assert.deepEqual(scene.submitted, [BID]);
});

Deno.test("the space limit names the block from which publishing works again, and it does", async () => {
  await using scene = await Scene.set();
  const { chain } = scene;
  // Room for one commitment, which counts 100 bytes at least.
  chain.setStorage(chain.storageKey("Commitments", "MaxSpace"), "0x64000000");
  scene.submit(await scene.signElsewhere(OTHER_BID));
  chain.advance();
  const refusal = async (): Promise<number> => {
    const error = await scene.run().then(() => null, (error) => error);
    assert.ok(error instanceof DispatchError, String(error));
    assert.equal(error.details.errorName, "SpaceLimitExceeded");
    assert.match(error.message, new RegExp(`next epoch \\(it begins at block ${error.notBeforeBlock}\\)$`));
    return error.notBeforeBlock!;
  };
  const notBeforeBlock = await refusal();
  assert.ok(notBeforeBlock > chain.head.number && notBeforeBlock <= chain.head.number + 361);
  chain.setHead(notBeforeBlock - 2);
  assert.equal(await refusal(), notBeforeBlock, "the last block of the epoch");
  assert.equal((await scene.run()).submitted?.blockNumber, notBeforeBlock);
});

Deno.test("a commitment that reads back differently is an error with both texts", async () => {
  await using scene = await Scene.set();
  const { chain } = scene;
  const onReadBack = (): void => chain.setCommitment({ netuid: NETUID, hotkey: ALICE, data: OTHER_BID });
  await assert.rejects(scene.run({ onReadBack }), {
    name: "CommitmentReadBackError",
    message: new RegExp(
      `in block ${START + 1}: ws://\\S+ reads it back as "${OTHER_BID}", not as "${BID}"; look for`,
    ),
  });
});

Deno.test("a commitment that cannot be read back is published all the same, with a warning", async () => {
  await using scene = await Scene.set();
  const { simulator } = scene;
  const noState = { kind: "error", code: 4003, message: "State already discarded" } as const;
  const onReadBack = (): void => simulator.setFault("state_getStorage", noState);
  assert.equal((await scene.run({ onReadBack })).action, "published");
  assert.match(String(scene.log.fieldsOf("Commitment not read back")?.error), /State already discarded/);
});

Deno.test("a node without the commitment at its block is no other commitment", async () => {
  await using scene = await Scene.set();
  const onReadBack = (): void => scene.chain.removeCommitment(NETUID, ALICE);
  assert.equal((await scene.run({ onReadBack })).action, "published");
  assert.match(String(scene.log.fieldsOf("Commitment not read back")?.error), /has none there/);
});
