import assert from "node:assert/strict";
import type { RuntimeDescription, RuntimeShelf } from "../../src/chain/types.ts";
import { Runtime, startSimulator } from "../../src/simulator/mod.ts";
import { ALICE, connect, NETUID } from "./fixtures.ts";
import { type MockMethod, type MockNode, RpcFault, startMockNode } from "./mock_node.ts";

const GENESIS = `0x${"00".repeat(32)}`;
const OLD_CODE = `0x${"0a".repeat(32)}`;
const NEW_CODE = `0x${"0b".repeat(32)}`;
const { v15, version } = Runtime.builtin().image;
const METADATA = new Uint8Array(v15);
const FETCHED = "state_getMetadata";

/** The hash of a block of the mock. */
function blockHash(number: unknown): string {
  return `0x${Number(number).toString(16).padStart(64, "0")}`;
}

/** A node at block 100 with an empty state. From block `upgradedAt` on, its runtime has the new code. */
function upgradedNode(upgradedAt: number, methods: Record<string, MockMethod> = {}): MockNode {
  return startMockNode({
    chain_getBlockHash: ([number]) => blockHash(number),
    chain_getHeader: () => ({ number: "0x64" }),
    state_getStorageHash: ([, at]) => Number(at) >= upgradedAt ? NEW_CODE : OLD_CODE,
    state_getRuntimeVersion: () => version,
    state_getMetadata: () => `0x${v15.toHex()}`,
    state_getStorage: () => null,
    state_getKeysPaged: () => [],
    state_queryStorageAt: (
      [keys],
    ) => [{ block: GENESIS, changes: (keys as string[]).map((key) => [key, null]) }],
    state_call: ([method]) => {
      if (method === "NeuronInfoRuntimeApi_get_neurons_lite") return "0x00";
      throw new RpcFault(4003, "Client error: Execution failed: function is not exported");
    },
    ...methods,
  });
}

/** A shelf with these runtimes, and what was put on it. */
function shelf(
  ...known: readonly RuntimeDescription[]
): RuntimeShelf & { readonly kept: RuntimeDescription[] } {
  const kept: RuntimeDescription[] = [];
  return {
    kept,
    find: (_url, genesisHash, codeHash) =>
      known.find((runtime) => runtime.genesisHash === genesisHash && runtime.codeHash === codeHash) ?? null,
    keep: (_url, description) => kept.push(description),
  };
}

function described(codeHash: string, metadata = METADATA): RuntimeDescription {
  return { genesisHash: GENESIS, codeHash, versionJson: JSON.stringify(version), metadata };
}

Deno.test("connectChain() keeps the runtime that it fetches, and then needs nothing but the hash of its code", async () => {
  await using node = upgradedNode(0);
  const first = shelf();
  await using _fetching = await connect(node.url, { runtimes: first });
  assert.deepEqual(first.kept, [described(NEW_CODE)]);
  const asked = node.requests.length;
  const second = shelf(...first.kept);
  await using _knowing = await connect(node.url, { runtimes: second });
  assert.deepEqual(node.requests.slice(asked), [
    "chain_getBlockHash",
    "chain_getHeader",
    "chain_getBlockHash",
    "state_getStorageHash",
    "state_getStorage",
  ]);
  assert.deepEqual(second.kept, []);
});

for (
  const [what, known] of [
    ["of another code", described(OLD_CODE)],
    ["of another chain", { ...described(NEW_CODE), genesisHash: OLD_CODE }],
    ["with metadata that cannot be decoded", described(NEW_CODE, METADATA.slice(0, 1000))],
    ["without a version", { ...described(NEW_CODE), versionJson: "{" }],
  ] as const
) {
  Deno.test(`connectChain() fetches the runtime anew where one is known ${what}`, async () => {
    await using node = upgradedNode(0);
    const runtimes = shelf(known);
    await using _connection = await connect(node.url, { runtimes });
    assert.equal(node.paramsOf(FETCHED).length, 1);
    assert.deepEqual(runtimes.kept, [described(NEW_CODE)]);
  });
}

Deno.test("connectChain() does without the hash of the code where a node does not tell it", async () => {
  for (
    const refuses of [() => null, () => {
      throw new RpcFault(-32601, "Method not found");
    }]
  ) {
    await using node = upgradedNode(0, { state_getStorageHash: refuses });
    const runtimes = shelf(described(NEW_CODE));
    await using connection = await connect(node.url, { runtimes });
    assert.deepEqual(runtimes.kept, []);
    await connection.mechanismEmissionSplit(NETUID, blockHash(90));
    assert.equal(node.paramsOf("state_getRuntimeVersion").length, 2);
  }
});

Deno.test("readSnapshot() uses the runtime of each block: an upgrade in the middle of a run shows", async () => {
  // The connection begins at block 100; the upgrade comes while the run waits.
  await using node = upgradedNode(101);
  const runtimes = shelf(described(OLD_CODE));
  await using connection = await connect(node.url, { runtimes });
  const head = { number: 102, hash: blockHash(102) };
  await connection.readSnapshot({ netuid: NETUID, tempo: 360, head, firstBlockNumber: 101 });
  assert.deepEqual(
    new Set(node.paramsOf(FETCHED).map(([at]) => at)),
    new Set([blockHash(101), blockHash(102)]),
  );
  assert.deepEqual(runtimes.kept.map(({ codeHash }) => codeHash), [NEW_CODE, NEW_CODE]);
});

Deno.test("readSnapshot() does not trust kept metadata by which a record cannot be decoded", async () => {
  await using simulator = await startSimulator();
  const { chain } = simulator;
  chain.setCommitment({ netuid: NETUID, hotkey: ALICE, data: { storage: "0x0001" } });
  const first = shelf();
  await using _fetching = await connect(simulator.url, { runtimes: first });
  const runtimes = shelf(...first.kept);
  await using connection = await connect(simulator.url, { runtimes });
  assert.deepEqual(runtimes.kept, []);
  const head = { number: chain.head.number, hash: chain.head.hash };
  const { commitments } = await connection.readSnapshot({
    netuid: NETUID,
    tempo: 360,
    head,
    firstBlockNumber: head.number,
  });
  assert.deepEqual(commitments.map(({ fieldKind }) => fieldKind), ["Undecodable"]);
  // This node's records are damaged; a miner on a real chain cannot write such a one.
  assert.deepEqual(runtimes.kept, first.kept);
});
