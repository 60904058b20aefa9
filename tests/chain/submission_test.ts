import assert from "node:assert/strict";
import { cutText } from "../../src/lib/cut_text.ts";
import { ChainError, type ChainErrorKind, DispatchError } from "../../src/chain/errors.ts";
import { openJsonRpc } from "../../src/chain/json_rpc.ts";
import { waitForFinalization, type WaitOptions } from "../../src/chain/submission.ts";
import type { ChainWarning } from "../../src/chain/types.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { ALICE, aliceSigner, BOB, connect, NETUID, RUNTIMES, submitCommitment } from "./fixtures.ts";
import { type MockMethod, RpcFault, startMockNode } from "./mock_node.ts";

const TEXT = "2;b;BTC,1=0.1:3";
const data = new TextEncoder().encode(TEXT);
const START = 7_500_000;

for (const [runtimeName, options] of RUNTIMES) {
  Deno.test(`submitCommitment() publishes and waits for finality, with ${runtimeName}`, async () => {
    await using simulator = await startSimulator({ startBlock: START, ...options });
    simulator.chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 0 });
    const warnings: ChainWarning[] = [];
    await using connection = await connect(simulator.url, { onWarning: (warning) => warnings.push(warning) });
    const signer = await aliceSigner();
    const statuses: string[] = [];
    const first = await submitCommitment(connection, {
      netuid: NETUID,
      data,
      signer,
      onStatus: (status) => statuses.push(status),
    });
    assert.equal(first.blockNumber, START + 1);
    assert.equal(first.blockHash, simulator.chain.blockHash(START + 1));
    assert.match(first.extrinsicHash, /^0x[0-9a-f]{64}$/);
    assert.equal(statuses.at(-1), "finalized");
    assert.deepEqual(await connection.readCommitment(NETUID, ALICE), {
      block: START + 1,
      fieldKind: "Raw15",
      data: `0x${data.toHex()}`,
    });
    // The nonce goes on, and the exact length decides the variant.
    for (const bytes of [new Uint8Array(), new Uint8Array(128).fill(0x41)]) {
      await submitCommitment(connection, { netuid: NETUID, data: bytes, signer });
      const read = await connection.readCommitment(NETUID, ALICE);
      assert.equal(read?.fieldKind, `Raw${bytes.length}`);
      assert.equal(read?.data, `0x${bytes.toHex()}`);
    }
    assert.deepEqual(warnings, []);
  });

  Deno.test(`submitCommitment() decodes what the chain refuses, with ${runtimeName}`, async () => {
    await using simulator = await startSimulator({ startBlock: START, ...options });
    await using connection = await connect(simulator.url);
    const signer = await aliceSigner();
    await assert.rejects(submitCommitment(connection, { netuid: NETUID, data, signer }), (error) => {
      assert.ok(error instanceof DispatchError && error instanceof ChainError);
      assert.deepEqual(
        [
          error.kind,
          error.details.pallet,
          error.details.errorName,
          error.details.blockNumber,
          error.retryable,
        ],
        ["dispatch", "Commitments", "AccountNotAllowedCommit", START + 1, false],
      );
      assert.match(error.message, /Commitments\.AccountNotAllowedCommit.*not registered on this subnet/);
      return true;
    });
  });
}

Deno.test("submitCommitment() names the space limit and that it passes", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  simulator.chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 0 });
  await using connection = await connect(simulator.url);
  const signer = await aliceSigner();
  // Room for one commitment, which counts 100 bytes at least.
  simulator.chain.setStorage(simulator.chain.storageKey("Commitments", "MaxSpace"), "0x64000000");
  await submitCommitment(connection, { netuid: NETUID, data, signer });
  await assert.rejects(
    submitCommitment(connection, { netuid: NETUID, data, signer }),
    (error) => {
      assert.ok(error instanceof DispatchError);
      assert.deepEqual([error.details.errorName, error.retryable], ["SpaceLimitExceeded", true]);
      assert.match(error.message, /next epoch/);
      return true;
    },
  );
});

Deno.test("submitCommitment() refuses more than 128 bytes before anything is sent", async () => {
  await using simulator = await startSimulator();
  await using connection = await connect(simulator.url);
  simulator.resetRequestCounts();
  await assert.rejects(
    submitCommitment(connection, { netuid: NETUID, data: new Uint8Array(129), signer: await aliceSigner() }),
    /it has 129 bytes; shorten it to at most 128/,
  );
  assert.deepEqual(simulator.requestCounts(), {});
});

Deno.test("submitCommitment() waits for a chain that finalizes late", async () => {
  await using simulator = await startSimulator({ startBlock: START, finalityLag: 3 });
  simulator.chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 0 });
  simulator.chain.advance(5);
  await using connection = await connect(simulator.url);
  const statuses: string[] = [];
  const { blockNumber } = await submitCommitment(connection, {
    netuid: NETUID,
    data,
    signer: await aliceSigner(),
    onStatus: (status) => {
      statuses.push(status);
      if (status === "inBlock") simulator.chain.advance(3);
    },
  });
  assert.equal(blockNumber, START + 6);
  assert.deepEqual(statuses.slice(-2), ["inBlock", "finalized"]);
});

Deno.test("submitCommitment() survives a lost fork", async () => {
  await using simulator = await startSimulator({ startBlock: START, finalityLag: 3 });
  simulator.chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 0 });
  simulator.chain.advance(5);
  await using connection = await connect(simulator.url);
  const statuses: string[] = [];
  let isRetracted = false;
  await submitCommitment(connection, {
    netuid: NETUID,
    data,
    signer: await aliceSigner(),
    onStatus: (status) => {
      statuses.push(status);
      if (status !== "inBlock") return;
      if (isRetracted) simulator.chain.advance(4);
      else {
        isRetracted = true;
        simulator.chain.reorganise(1);
        simulator.chain.advance(1);
      }
    },
  });
  assert.ok(statuses.includes("retracted"), statuses.join());
  assert.equal((await connection.readCommitment(NETUID, ALICE))?.data, `0x${data.toHex()}`);
});

Deno.test("submitCommitment() stops with the signal and at its deadline", async () => {
  await using simulator = await startSimulator({ startBlock: START, autoInclude: false });
  simulator.chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 0 });
  await using connection = await connect(simulator.url);
  const signer = await aliceSigner();
  const controller = new AbortController();
  await assert.rejects(
    submitCommitment(connection, {
      netuid: NETUID,
      data,
      signer,
      signal: controller.signal,
      onStatus: () => controller.abort(),
    }),
    { kind: "aborted", request: "author_submitAndWatchExtrinsic" },
  );
  await assert.rejects(
    submitCommitment(connection, { netuid: NETUID, data, signer, finalizationTimeoutMs: 30 }),
    { kind: "timeout" },
  );
});

Deno.test("submitCommitment() passes on why the node refuses an extrinsic", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  simulator.chain.registerNeuron(NETUID, { hotkey: BOB, uid: 0 });
  simulator.setFault("author_submitAndWatchExtrinsic", {
    kind: "error",
    code: 1010,
    message: "Invalid Transaction",
    data: "Transaction is outdated",
  });
  await using connection = await connect(simulator.url);
  await assert.rejects(
    submitCommitment(connection, { netuid: NETUID, data, signer: await aliceSigner() }),
    (error) => {
      assert.ok(error instanceof ChainError);
      assert.deepEqual([error.kind, error.code, error.retryable], ["rejected", 1010, true]);
      assert.match(error.message, /Transaction is outdated/);
      return true;
    },
  );
});

const EXTRINSIC = { hex: "0x00", hash: `0x${"ee".repeat(32)}` };

/** Follows an extrinsic at a mock that sends these statuses. */
async function follow(statuses: readonly unknown[], options: Partial<WaitOptions> = {}): Promise<string> {
  const watch: MockMethod = (_params, session) => {
    for (const status of statuses) {
      if (status === "close") queueMicrotask(() => session.close());
      else if (status === "close before the answer") session.close();
      else session.notify("1", status);
    }
    return "1";
  };
  await using node = startMockNode({
    author_submitAndWatchExtrinsic: watch,
    author_unwatchExtrinsic: () => true,
  });
  const rpc = await openJsonRpc({ endpoint: node.url, connectTimeoutMs: 2000, requestTimeoutMs: 2000 });
  try {
    return await waitForFinalization(rpc, EXTRINSIC, { timeoutMs: 2000, ...options });
  } finally {
    await rpc.close();
  }
}

Deno.test("waitForFinalization() passes through every status that is not final", async () => {
  const seen: string[] = [];
  const statuses = [
    "future",
    "ready",
    { broadcast: ["peer"] },
    { inBlock: "0x01" },
    { retracted: "0x01" },
    { inBlock: "0x02" },
    { newerThanThisProgram: 1 },
    "toString",
    "x".repeat(5_000_000),
    null,
    { finalized: "0x02" },
  ];
  assert.equal(await follow(statuses, { onStatus: (status) => seen.push(status) }), "0x02");
  assert.deepEqual(seen, [
    "future",
    "ready",
    "broadcast",
    "inBlock",
    "retracted",
    "inBlock",
    "newerThanThisProgram",
    "toString",
    cutText("x".repeat(5_000_000)),
    "unknown",
    "finalized",
  ]);
});

for (
  const [status, kind, pattern] of [
    ["dropped", "dropped", /pool is full.*last status ready/],
    ["invalid", "dropped", /became invalid/],
    [{ usurped: "0x03" }, "dropped", /same nonce replaced it/],
    [{ finalityTimeout: "0x03" }, "timeout", /not finalized in the time/],
    ["close", "unreachable", /connection ended while waiting.*last status ready/],
    ["close before the answer", "unreachable", /did not confirm its receipt/],
  ] as [unknown, ChainErrorKind, RegExp][]
) {
  Deno.test(`waitForFinalization() fails clearly at ${JSON.stringify(status)}`, async () => {
    await assert.rejects(follow(["ready", status]), (error) => {
      assert.ok(error instanceof ChainError);
      assert.equal(error.kind, kind);
      assert.equal(error.retryable, true);
      assert.ok(error.message.includes(EXTRINSIC.hash));
      assert.match(error.message, pattern);
      return true;
    });
  });
}

Deno.test("waitForFinalization() keeps errors of the connection apart from refusals", async () => {
  await using node = startMockNode({
    author_submitAndWatchExtrinsic: () => {
      throw new RpcFault(1014, "Priority is too low");
    },
  });
  const rpc = await openJsonRpc({ endpoint: node.url, connectTimeoutMs: 2000, requestTimeoutMs: 2000 });
  await assert.rejects(
    waitForFinalization(rpc, EXTRINSIC, { timeoutMs: 2000 }),
    { kind: "rejected", code: 1014 },
  );
  await rpc.close();
  await assert.rejects(waitForFinalization(rpc, EXTRINSIC, { timeoutMs: 2000 }), { kind: "aborted" });
});
