import assert from "node:assert/strict";
import { connectChain } from "../../src/chain/connection.ts";
import { ChainError } from "../../src/chain/errors.ts";
import { HEDGE_AFTER_MS } from "../../src/chain/hedge.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { chainWithout, connect, NETUID } from "./fixtures.ts";
import { type MockMethod, NO_ANSWER, RpcFault, startMockNode } from "./mock_node.ts";

const NOW_MS = 1.8e12;
const nowMs = (): number => NOW_MS;

function deadEndpoint(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return `ws://127.0.0.1:${listener.addr.port}`;
}

/** Records why endpoints were passed over. */
function recordAttempts(): {
  attempts: [string, string][];
  onAttemptFailed: (e: string, x: ChainError) => void;
} {
  const attempts: [string, string][] = [];
  return { attempts, onAttemptFailed: (endpoint, error) => attempts.push([endpoint, error.kind]) };
}

Deno.test("connectChain() connects and knows the chain", async () => {
  await using simulator = await startSimulator({ startTimestampMs: NOW_MS - 24_000 });
  await using connection = await connect(simulator.url, { nowMs });
  assert.equal(connection.endpoint, simulator.url);
  assert.equal(connection.genesisHash, simulator.chain.genesisHash);
  assert.equal(connection.specName, "node-subtensor");
  assert.equal(connection.headAgeSeconds, 24);
  assert.equal(connection.isHeadStale, false);
  const head = await connection.bestHead();
  assert.deepEqual(head, { number: simulator.chain.head.number, hash: simulator.chain.head.hash });
  assert.equal(await connection.blockHash(head.number), head.hash);
  assert.equal(await connection.timestampMs(head.hash), NOW_MS - 24_000);
});

Deno.test("connectChain() follows the best head, not the finalized one", async () => {
  await using simulator = await startSimulator({ startBlock: 100, finalityLag: 3 });
  await using connection = await connect(simulator.url);
  simulator.chain.advance(10);
  assert.equal(await connection.bestHeadNumber(), 110);
  simulator.chain.reorganise(1);
  assert.equal((await connection.bestHead()).hash, simulator.chain.head.hash);
});

Deno.test("connectChain() passes over dead, wrong and stale endpoints with the reason of each", async () => {
  await using stale = await startSimulator({ startTimestampMs: NOW_MS - 61_000 });
  await using other = await startSimulator({ seed: "another chain", startTimestampMs: NOW_MS });
  await using good = await startSimulator({ startTimestampMs: NOW_MS - 60_000 });
  const dead = deadEndpoint();
  const { attempts, onAttemptFailed } = recordAttempts();
  await using connection = await connect([dead, stale.url, other.url, good.url], { nowMs, onAttemptFailed });
  assert.equal(connection.endpoint, good.url);
  assert.deepEqual(attempts, [[dead, "unreachable"], [stale.url, "stale-head"], [
    other.url,
    "wrong-genesis",
  ]]);
});

Deno.test("connectChain() insists on the expected genesis", async () => {
  await using other = await startSimulator({ seed: "another chain" });
  await using good = await startSimulator();
  const { attempts, onAttemptFailed } = recordAttempts();
  const expectedGenesisHash = good.chain.genesisHash.toUpperCase().replace("0X", "0x");
  await using connection = await connect([other.url, good.url], { expectedGenesisHash, onAttemptFailed });
  assert.equal(connection.endpoint, good.url);
  assert.deepEqual(attempts, [[other.url, "wrong-genesis"]]);
  await assert.rejects(connect(other.url, { expectedGenesisHash }), (error) => {
    assert.ok(error instanceof ChainError);
    assert.deepEqual([error.kind, error.retryable, error.endpoint], ["wrong-genesis", false, other.url]);
    assert.ok(
      error.message.includes(other.chain.genesisHash) && error.message.includes(good.chain.genesisHash),
    );
    return true;
  });
});

Deno.test("connectChain() uses the freshest stale endpoint when there is nothing better", async () => {
  await using older = await startSimulator({ startTimestampMs: NOW_MS - 900_000 });
  await using fresher = await startSimulator({ startTimestampMs: NOW_MS - 100_000 });
  await using oldest = await startSimulator({ startTimestampMs: 1_000 });
  const { attempts, onAttemptFailed } = recordAttempts();
  const endpoints = [older.url, deadEndpoint(), fresher.url, oldest.url];
  await using connection = await connect(endpoints, { nowMs, onAttemptFailed });
  assert.equal(connection.endpoint, fresher.url);
  assert.equal(connection.isHeadStale, true);
  assert.equal(connection.headAgeSeconds, 100);
  assert.deepEqual(attempts.map(([, kind]) => kind), [
    "stale-head",
    "unreachable",
    "stale-head",
    "stale-head",
  ]);
  assert.equal(await connection.bestHeadNumber(), fresher.chain.head.number);
});

Deno.test("connectChain() uses a stale endpoint that answers after all have stalled", async () => {
  await using older = await startSimulator({ startTimestampMs: NOW_MS - 900_000 });
  await using fresher = await startSimulator({ startTimestampMs: NOW_MS - 100_000 });
  for (const { setFault } of [older, fresher]) {
    setFault("chain_getHeader", { kind: "delay", delayMs: 2 * HEDGE_AFTER_MS + 1000 });
  }
  const { attempts, onAttemptFailed } = recordAttempts();
  await using connection = await connect([older.url, fresher.url], {
    nowMs,
    onAttemptFailed,
    requestTimeoutMs: 20_000,
  });
  assert.equal(connection.isHeadStale, true);
  assert.equal(attempts[0]?.[1], "stale-head");
});

Deno.test("connectChain() accepts a chain that is ahead of the host's clock", async () => {
  await using simulator = await startSimulator({ startTimestampMs: NOW_MS + 3_600_000 });
  await using connection = await connect(simulator.url, { nowMs });
  assert.deepEqual([connection.isHeadStale, connection.headAgeSeconds], [false, -3600]);
});

Deno.test("connectChain() lists the reason of every endpoint when none can be used", async () => {
  const endpoints = [deadEndpoint(), deadEndpoint()];
  await assert.rejects(connect(endpoints), (error) => {
    assert.ok(error instanceof ChainError);
    assert.deepEqual([error.kind, error.endpoint, error.retryable], ["no-endpoint", null, true]);
    const places = endpoints.map((endpoint) => error.message.indexOf(`Cannot connect to ${endpoint}: `));
    assert.ok(0 < places[0]! && places[0]! < places[1]!, error.message);
    return true;
  });
  await assert.rejects(connect(deadEndpoint()), { name: "ChainError", kind: "unreachable" });
  await assert.rejects(connect([]), RangeError);
});

Deno.test("connectChain() gives up on a node that accepts and never answers, and names the request", async () => {
  await using node = startMockNode({ chain_getBlockHash: () => NO_ANSWER });
  await using good = await startSimulator();
  await assert.rejects(
    connect(node.url, { requestTimeoutMs: 50 }),
    { kind: "timeout", endpoint: node.url, request: "chain_getBlockHash" },
  );
  await using connection = await connect([node.url, good.url], { requestTimeoutMs: 1000 });
  assert.equal(connection.endpoint, good.url);
});

Deno.test("connectChain() stops at once with the signal and tries no other endpoint", async () => {
  const controller = new AbortController();
  await using node = startMockNode({
    chain_getBlockHash: () => {
      controller.abort();
      return NO_ANSWER;
    },
  });
  const { attempts, onAttemptFailed } = recordAttempts();
  await assert.rejects(
    connect([node.url, deadEndpoint()], { signal: controller.signal, onAttemptFailed }),
    { kind: "aborted" },
  );
  assert.deepEqual(attempts, []);
});

Deno.test("a connection ends with the signal, and with the node", async () => {
  await using simulator = await startSimulator();
  const controller = new AbortController();
  const aborted = await connect(simulator.url, { signal: controller.signal });
  simulator.setFault("chain_getHeader", { kind: "hang" });
  const hanging = assert.rejects(aborted.bestHead(), { kind: "aborted", request: "chain_getHeader" });
  controller.abort();
  await hanging;
  await aborted.close();
  simulator.setFault("chain_getHeader", null);
  const closed = await connect(simulator.url);
  simulator.setFault("state_getStorage", { kind: "close" });
  await assert.rejects(closed.tempo(NETUID), { kind: "unreachable", request: "state_getStorage" });
  await assert.rejects(closed.bestHead(), { kind: "unreachable" });
  await closed.close();
});

Deno.test("close() fails pending requests and leaves nothing behind", async () => {
  await using simulator = await startSimulator();
  const connection = await connect(simulator.url);
  simulator.setFault("chain_getHeader", { kind: "hang" });
  const hanging = assert.rejects(connection.bestHeadNumber(), { kind: "aborted" });
  await connection.close();
  await hanging;
  await connection.close();
});

for (
  const [name, what] of [
    ["CommitmentOf", "storage item Commitments.CommitmentOf"],
    ["SubtensorModule", "storage item SubtensorModule.Tempo"],
  ] as const
) {
  Deno.test(`connectChain() passes over a chain without ${what}`, async () => {
    await using node = chainWithout(name);
    await using good = await startSimulator();
    await assert.rejects(connect(node.url), (error) => {
      assert.ok(error instanceof ChainError);
      assert.deepEqual([error.kind, error.retryable, error.endpoint], ["missing-pallet", false, node.url]);
      assert.ok(error.message.includes(what), error.message);
      return true;
    });
    // Such a chain does not decide about the genesis of the list.
    await using connection = await connect([node.url, good.url]);
    assert.equal(connection.endpoint, good.url);
  });
}

Deno.test("a chain without some runtime API, item or call fails only what needs it", async () => {
  const head = { number: 1, hash: `0x${"00".repeat(32)}` };
  const snapshotOf = { netuid: NETUID, tempo: 360, head, firstBlockNumber: 1 };
  await using noApi = chainWithout("get_neurons_lite");
  await using first = await connect(noApi.url);
  await assert.rejects(first.readSnapshot(snapshotOf), {
    kind: "missing-pallet",
    message: /no runtime API NeuronInfoRuntimeApi\.get_neurons_lite/,
  });
  const neurons: MockMethod = ([method]) => {
    if (method === "NeuronInfoRuntimeApi_get_neurons_lite") return "0x00";
    throw new RpcFault(-32601, "Method not found");
  };
  await using noSplit = chainWithout("MechanismEmissionSplit", { state_call: neurons });
  await using second = await connect(noSplit.url);
  assert.equal((await second.readSnapshot(snapshotOf)).mechanismEmissionSplit, null);
  await using noUids = chainWithout("Uids", { state_call: neurons });
  await using third = await connect(noUids.url);
  await assert.rejects(third.registeredUid(NETUID, "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), {
    kind: "missing-pallet",
    message: /SubtensorModule\.Uids/,
  });
  await using noTime = chainWithout("Timestamp", { state_call: neurons });
  await using fourth = await connect(noTime.url);
  assert.deepEqual([fourth.headAgeSeconds, fourth.isHeadStale], [null, false]);
  assert.equal((await fourth.readSnapshot(snapshotOf)).head.timestampMs, null);
});

for (
  const [method, answers, pattern] of [
    ["chain_getBlockHash", [7, "0x12"], /not a block hash/],
    ["chain_getHeader", [null, {}, { number: "x" }], /not a header with a number/],
    ["state_getRuntimeVersion", [null, "x", { specName: "x" }], /state_getRuntimeVersion/],
    ["state_getMetadata", [null, 7, "0x00"], /state_getMetadata/],
    ["state_getStorage", [7, "zz"], /not hexadecimal/],
  ] as const
) {
  Deno.test(`connectChain() survives nonsense as the answer to ${method}`, async () => {
    for (const answer of answers) {
      await using node = chainWithout("Uids", { [method]: () => answer });
      await assert.rejects(connect(node.url), (error) => {
        assert.ok(error instanceof ChainError);
        assert.equal(error.kind, "invalid-answer");
        assert.match(error.message, pattern);
        return true;
      });
    }
  });
}

Deno.test("readSnapshot() survives nonsense in every answer it needs", async () => {
  const head = { number: 1, hash: `0x${"00".repeat(32)}` };
  const snapshotOf = { netuid: NETUID, tempo: 360, head, firstBlockNumber: 1 };
  const nonsense: [string, unknown][] = [
    ["state_getKeysPaged", null],
    ["state_getKeysPaged", ["zz"]],
    ["state_queryStorageAt", null],
    ["state_queryStorageAt", [{}]],
    ["state_queryStorageAt", [{ changes: [["0x00"]] }]],
    ["state_call", null],
    ["state_call", "0x04"],
    ["state_call", "0x0000"],
  ];
  for (const [method, answer] of nonsense) {
    let isConnected = false;
    await using node = chainWithout("MechanismCountCurrent", {
      state_call: ([name]) => {
        if (isConnected && name === "NeuronInfoRuntimeApi_get_neurons_lite") {
          return method === "state_call" ? answer : "0x00";
        }
        throw new RpcFault(-32601, "Method not found");
      },
      ...(method === "state_call" ? {} : { [method]: () => answer }),
    });
    await using connection = await connect(node.url);
    isConnected = true;
    await assert.rejects(connection.readSnapshot(snapshotOf), { name: "ChainError", kind: "invalid-answer" });
  }
});

Deno.test("connectChain() has defaults for all it can", async () => {
  await using simulator = await startSimulator();
  await using connection = await connectChain({ endpoints: [simulator.url], nowMs: Date.now });
  assert.equal(connection.isHeadStale, false);
});
