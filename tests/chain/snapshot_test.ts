import assert from "node:assert/strict";
import { decodeAddress } from "@polkadot/util-crypto";
import fc from "fast-check";
import { ChainError } from "../../src/chain/errors.ts";
import type { ChainConnection } from "../../src/chain/types.ts";
import {
  type CommitmentData,
  Runtime,
  type SimulatedChain,
  type Simulator,
  startSimulator,
} from "../../src/simulator/mod.ts";
import { ALICE, BOB, connect, hotkeys, NETUID, RUNTIMES } from "./fixtures.ts";
import { RpcFault, startMockNode } from "./mock_node.ts";

const START = 7_500_000;
// CommitmentOf, netuid 89, and then twox64 of //Alice's account and the account (chain.md).
const MAP_PREFIX = "0xca407206ec1ab726b2636c4b145ac287419a60ae8b01e6dcaebd7317e43c69bf5900";
const ALICE_KEY =
  `${MAP_PREFIX}518366b5b1bc7c99d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d`;

function hex(text: string): string {
  return `0x${new TextEncoder().encode(text).toHex()}`;
}

/** What a whole auction reads: the head, the tempo, and everything of the window's first block. */
async function readAuction(
  chain: ChainConnection,
  blocksBack = 0,
): ReturnType<ChainConnection["readSnapshot"]> {
  const head = await chain.bestHead();
  const tempo = await chain.tempo(NETUID);
  return await chain.readSnapshot({
    netuid: NETUID,
    tempo,
    head,
    firstBlockNumber: head.number - blocksBack,
  });
}

for (const [runtimeName, options] of RUNTIMES) {
  Deno.test(`readSnapshot() reads everything an auction needs, with ${runtimeName}`, async () => {
    await using simulator = await startSimulator({ startBlock: START, startTimestampMs: 1.8e12, ...options });
    const { chain } = simulator;
    chain.setTempo(NETUID, 99);
    chain.setMechanismEmissionSplit(NETUID, [65535, 0]);
    chain.registerNeuron(NETUID, { hotkey: BOB, uid: 0, stakeRao: 18_446_744_073_709_551_615n });
    chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 1, stakeRao: 0n });
    chain.setCommitment({ netuid: NETUID, hotkey: ALICE, data: "2;b;BTC,1=0.45:2" });
    chain.setCommitment({ netuid: NETUID + 1, hotkey: BOB, data: "of another subnet" });
    chain.advance(10);
    chain.setCommitment({ netuid: NETUID, hotkey: BOB, data: "too late for the first block" });
    chain.setMechanismEmissionSplit(NETUID, [32768, 32767]);
    await using connection = await connect(simulator.url, { nowMs: () => 1.8e12 });
    const snapshot = await readAuction(connection, 10);
    assert.deepEqual(snapshot, {
      format: "ih-miner/snapshot/1",
      chain: {
        endpoint: simulator.url,
        genesisHash: chain.genesisHash,
        specName: "node-subtensor",
        specVersion: connection.specVersion,
      },
      netuid: NETUID,
      tempo: 99,
      head: { number: START + 10, hash: chain.blockHash(START + 10), timestampMs: 1.8e12 + 120_000 },
      firstBlock: { number: START, hash: chain.blockHash(START), timestampMs: 1.8e12 },
      mechanismEmissionSplit: [32768, 32767],
      commitments: [{
        storageKey: ALICE_KEY,
        hotkey: ALICE,
        block: START,
        fieldKind: "Raw16",
        data: hex("2;b;BTC,1=0.45:2"),
      }],
      neurons: [
        { uid: 0, hotkey: BOB, stakeRao: "18446744073709551615" },
        { uid: 1, hotkey: ALICE, stakeRao: "0" },
      ],
    });
    assert.deepEqual(JSON.parse(JSON.stringify(snapshot)), snapshot);
  });

  Deno.test(`readSnapshot() decodes records of every kind one by one, with ${runtimeName}`, async () => {
    await using simulator = await startSimulator({ startBlock: START, ...options });
    const bytes32 = `0x${"ab".repeat(32)}`;
    const records: [kind: string, data: CommitmentData, decoded: string | null][] = [
      ["Raw0", { fields: [{ kind: "Raw", data: "0x" }] }, "0x"],
      ["Raw1", "a", hex("a")],
      ["Raw128", "b".repeat(128), hex("b".repeat(128))],
      ["BigRaw", { fields: [{ kind: "BigRaw", data: "0x010203" }] }, "0x010203"],
      ["BlakeTwo256", { fields: [{ kind: "BlakeTwo256", data: bytes32 }] }, bytes32],
      ["Sha256", { fields: [{ kind: "Sha256", data: bytes32 }] }, bytes32],
      ["Keccak256", { fields: [{ kind: "Keccak256", data: bytes32 }] }, bytes32],
      ["ShaThree256", { fields: [{ kind: "ShaThree256", data: bytes32 }] }, bytes32],
      ["None", { fields: [{ kind: "None" }, { kind: "Raw", data: "0x01" }] }, null],
      ["ResetBondsFlag", { fields: [{ kind: "ResetBondsFlag" }] }, null],
      [
        "TimelockEncrypted",
        { fields: [{ kind: "TimelockEncrypted", encrypted: "0x0102", revealRound: 7 }] },
        null,
      ],
      ["Raw2", { fields: [{ kind: "Raw", data: "0x0102" }, { kind: "None" }] }, "0x0102"],
      ["Empty", { fields: [] }, null],
      // The example of chain.md, whole, one byte short, and with a variant that no runtime has.
      [
        "Raw15",
        { storage: "0x0000000000000000030000000410323b623b4254432c313d302e313a33" },
        hex("2;b;BTC,1=0.1:3"),
      ],
      ["Undecodable", { storage: "0x0000000000000000030000000410323b623b4254432c313d302e313a" }, null],
      ["Undecodable", { storage: "0x00000000000000000300000004ff" }, null],
      ["Undecodable", { storage: "0x" }, null],
    ];
    const owners = hotkeys(records.length);
    const expected = new Map<string, unknown>();
    for (const [index, [fieldKind, data, decoded]] of records.entries()) {
      const hotkey = owners[index] ?? "";
      simulator.chain.setCommitment({ netuid: NETUID, hotkey, data });
      const block = fieldKind === "Undecodable" ? null : fieldKind === "Raw15" ? 3 : START;
      expected.set(hotkey, { block, fieldKind, data: decoded });
    }
    await using connection = await connect(simulator.url);
    const { commitments } = await readAuction(connection);
    assert.equal(commitments.length, records.length);
    for (const { storageKey, hotkey, ...record } of commitments) {
      assert.deepEqual(record, expected.get(hotkey), hotkey);
      assert.ok(storageKey.startsWith(MAP_PREFIX) && storageKey.endsWith(decodeAddress(hotkey).toHex()));
      assert.deepEqual(await connection.readCommitment(NETUID, hotkey), record);
    }
    const keys = commitments.map(({ storageKey }) => storageKey);
    assert.deepEqual(keys, [...keys].sort());
  });
}

Deno.test("readSnapshot() takes any bytes as a record and never throws", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  await using connection = await connect(simulator.url);
  const head = await connection.bestHead();
  const owners = hotkeys(8);
  // Bytes that begin like a record get further into the decoder than mere noise.
  const noise = fc.uint8Array({ maxLength: 200 });
  const almost = fc.tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), noise)
    .map(([start, rest]) => Uint8Array.of(...start, 4, ...rest));
  const values = fc.array(fc.oneof(noise, almost), { minLength: 8, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(values, async (bytes) => {
      for (const [index, hotkey] of owners.entries()) {
        const storage = `0x${bytes[index]?.toHex() ?? ""}`;
        simulator.chain.setCommitment({ netuid: NETUID, hotkey, data: { storage } });
      }
      const snapshot = await connection.readSnapshot({
        netuid: NETUID,
        tempo: 360,
        head,
        firstBlockNumber: head.number,
      });
      assert.equal(snapshot.commitments.length, owners.length);
      for (const { fieldKind, data } of snapshot.commitments) {
        assert.notEqual(fieldKind, "");
        if (data !== null) assert.match(data, /^0x(?:[0-9a-f]{2})*$/);
      }
    }),
    { numRuns: 50 },
  );
});

function fillSubnet(chain: SimulatedChain, count: number): void {
  chain.setTempo(NETUID, 360);
  chain.setMechanismEmissionSplit(NETUID, [32768, 32767]);
  const all = hotkeys(count);
  chain.setNeurons(NETUID, all.slice(0, 256).map((hotkey, uid) => ({ hotkey, uid, stakeRao: BigInt(uid) })));
  for (const hotkey of all) chain.setCommitment({ netuid: NETUID, hotkey, data: "2;b;BTC,1.05=0.45:20" });
}

function totalRequests(simulator: Simulator): number {
  return Object.values(simulator.requestCounts()).reduce((sum, count) => sum + count, 0);
}

Deno.test("an auction over 256 hotkeys takes at most 12 requests once connected", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  fillSubnet(simulator.chain, 256);
  simulator.chain.advance(30);
  await using connection = await connect(simulator.url);
  simulator.resetRequestCounts();
  const snapshot = await readAuction(connection, 30);
  assert.equal(snapshot.commitments.length, 256);
  assert.equal(snapshot.neurons.length, 256);
  assert.equal(totalRequests(simulator), 9, JSON.stringify(simulator.requestCounts()));
  simulator.resetRequestCounts();
  await connection.bestHeadNumber();
  assert.equal(totalRequests(simulator), 1);
});

Deno.test("readSnapshot() reads maps of more than a page, whole and in order", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  fillSubnet(simulator.chain, 2000);
  await using connection = await connect(simulator.url);
  simulator.resetRequestCounts();
  const { commitments } = await readAuction(connection);
  const keys = commitments.map(({ storageKey }) => storageKey);
  assert.equal(new Set(keys).size, 2000);
  assert.deepEqual(keys, [...keys].sort());
  assert.equal(simulator.requestCounts()["state_getKeysPaged"], 3);
  assert.equal(simulator.requestCounts()["state_queryStorageAt"], 1 + 5);
});

Deno.test("readSnapshot() of an empty chain has nulls and empty lists", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  await using connection = await connect(simulator.url);
  const snapshot = await readAuction(connection);
  assert.deepEqual(
    [snapshot.mechanismEmissionSplit, snapshot.commitments, snapshot.neurons, snapshot.tempo],
    [null, [], [], 360],
  );
});

Deno.test("readSnapshot() reports a pruned block", async () => {
  await using simulator = await startSimulator({ startBlock: START, stateWindowBlocks: 256 });
  simulator.chain.advance(300);
  await using connection = await connect(simulator.url);
  await assert.rejects(readAuction(connection, 299), (error) => {
    assert.ok(error instanceof ChainError);
    assert.equal(error.kind, "missing-state");
    assert.match(error.message, /archive node/);
    return true;
  });
  assert.equal((await readAuction(connection, 61)).firstBlock.number, START + 239);
});

Deno.test("readSnapshot() refuses a first block that is not there", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  await using connection = await connect(simulator.url);
  await assert.rejects(readAuction(connection, -1), RangeError);
  await assert.rejects(connection.blockHash(START + 5), { kind: "missing-state" });
});

Deno.test("registeredUid() and readCommitment() distinguish absent from present", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  simulator.chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 0 });
  await using connection = await connect(simulator.url);
  assert.equal(await connection.registeredUid(NETUID, ALICE), 0);
  assert.equal(await connection.registeredUid(NETUID, BOB), null);
  assert.equal(await connection.readCommitment(NETUID, ALICE), null);
  simulator.chain.setCommitment({ netuid: NETUID, hotkey: ALICE, data: "x", block: 5 });
  assert.deepEqual(await connection.readCommitment(NETUID, ALICE), {
    block: 5,
    fieldKind: "Raw1",
    data: "0x78",
  });
});

Deno.test("readSnapshot() takes keys left out of an answer for absent values, but not those of bids", async () => {
  const { v15, version } = Runtime.builtin().image;
  const hash = `0x${"01".repeat(32)}`;
  let bidKeys: string[] = [];
  await using node = startMockNode({
    chain_getBlockHash: () => hash,
    chain_getHeader: () => ({ number: "0x64" }),
    state_getRuntimeVersion: () => version,
    state_getMetadata: () => `0x${v15.toHex()}`,
    state_getStorage: () => null,
    state_getKeysPaged: () => bidKeys,
    state_queryStorageAt: () => [{ block: hash, changes: [] }],
    state_call: ([method]) => {
      if (method === "NeuronInfoRuntimeApi_get_neurons_lite") return "0x00";
      throw new RpcFault(4003, "Client error: Execution failed: function is not exported");
    },
  });
  await using connection = await connect(node.url);
  const snapshot = await readAuction(connection);
  assert.deepEqual([snapshot.head.timestampMs, snapshot.mechanismEmissionSplit], [null, null]);
  bidKeys = [ALICE_KEY];
  await assert.rejects(readAuction(connection), { kind: "invalid-answer" });
});

Deno.test("readSnapshot() loads the runtime of a first block from before an upgrade", async () => {
  const { v15, version } = Runtime.builtin().image;
  const oldHash = `0x${"01".repeat(32)}`;
  const newHash = `0x${"02".repeat(32)}`;
  await using node = startMockNode({
    chain_getBlockHash: ([number]) =>
      number === 0 ? `0x${"00".repeat(32)}` : number === 100 ? newHash : oldHash,
    chain_getHeader: () => ({ number: "0x64" }),
    state_getRuntimeVersion: ([at]) => at === oldHash ? { ...version, specVersion: 1 } : version,
    state_getMetadata: () => `0x${v15.toHex()}`,
    state_getStorage: () => null,
    state_getKeysPaged: () => [],
    state_queryStorageAt: (
      [keys],
    ) => [{ block: newHash, changes: (keys as string[]).map((key) => [key, null]) }],
    state_call: ([method]) => {
      if (method === "NeuronInfoRuntimeApi_get_neurons_lite") return "0x00";
      throw new RpcFault(4003, "Client error: Execution failed: function is not exported");
    },
  });
  await using connection = await connect(node.url);
  assert.deepEqual(node.paramsOf("state_getMetadata"), [[newHash]]);
  const snapshot = await readAuction(connection, 10);
  assert.deepEqual(node.paramsOf("state_getMetadata"), [[newHash], [oldHash]]);
  assert.equal(snapshot.chain.specVersion, version.specVersion);
  await readAuction(connection, 10);
  assert.equal(node.paramsOf("state_getMetadata").length, 2);
});
