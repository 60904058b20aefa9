import assert from "node:assert/strict";
import { TypeRegistry } from "@polkadot/types";
import { compactAddLength, compactToU8a, u8aConcat } from "@polkadot/util";
import { MAX_NEURONS } from "../../src/auction/inputs/snapshot.ts";
import { type JsonRpcConnection, openJsonRpc } from "../../src/chain/json_rpc.ts";
import { decodeCommitment } from "../../src/chain/commitment_record.ts";
import { decodeNeurons } from "../../src/chain/neurons.ts";
import { loadRuntime, type Runtime } from "../../src/chain/runtime.ts";
import type { ScaleType } from "../../src/chain/codec/scale.ts";
import { openSigningApi } from "../../src/chain/signing_api.ts";
import type { ChainWarning } from "../../src/chain/types.ts";
import { Runtime as SimulatedRuntime, startSimulator } from "../../src/simulator/mod.ts";
import { ALICE, aliceSigner, BOB, chainWithout, connect, NETUID, submitCommitment } from "./fixtures.ts";
import { startMockNode } from "./mock_node.ts";

/** Encodes by @polkadot/types what the client decodes by other means. */
const registry = new TypeRegistry();
registry.register({
  LegacyAxonInfo: {
    block: "u64",
    version: "u32",
    ip: "u128",
    port: "u16",
    ipType: "u8",
    protocol: "u8",
    placeholder1: "u8",
    placeholder2: "u8",
  },
  LegacyPrometheusInfo: { block: "u64", version: "u32", ip: "u128", port: "u16", ipType: "u8" },
  LegacyNeuronInfoLite: {
    hotkey: "AccountId",
    coldkey: "AccountId",
    uid: "Compact<u16>",
    netuid: "Compact<u16>",
    active: "bool",
    axonInfo: "LegacyAxonInfo",
    prometheusInfo: "LegacyPrometheusInfo",
    stake: "Vec<(AccountId, Compact<u64>)>",
    rank: "Compact<u16>",
    emission: "Compact<u64>",
    incentive: "Compact<u16>",
    consensus: "Compact<u16>",
    trust: "Compact<u16>",
    validatorTrust: "Compact<u16>",
    dividends: "Compact<u16>",
    lastUpdate: "Compact<u64>",
    validatorPermit: "bool",
    pruningScore: "Compact<u16>",
  },
});
const BYTES: ScaleType = { type: "sequence", value: { type: "primitive", value: "u8" } };

const GENESIS = `0x${"00".repeat(32)}`;

/** The simulator's metadata, in which the type of the records' values is missing. */
function contradictory(): Uint8Array {
  const metadata = SimulatedRuntime.builtin().image.v15.slice();
  const name = new TextEncoder().encode("CommitmentOf");
  const nameAt = metadata.findIndex((_, at) => name.every((byte, i) => metadata[at + i] === byte));
  // Behind the name: modifier, kind, two hashers with their count, and the number of the keys' type.
  const keyAt = nameAt + name.length + 5;
  const valueAt = keyAt + (metadata[keyAt]! % 4 === 0 ? 1 : 2);
  assert.equal(metadata[valueAt]! % 4, 1, "a number of two bytes");
  metadata.set([0xfd, 0xff], valueAt);
  return metadata;
}

/** The simulator's runtime with one name of its metadata changed, as the client sees it. */
async function loadAltered(name: string): Promise<Runtime> {
  await using node = chainWithout(name);
  return await loadFrom(node.url);
}

async function loadFrom(url: string): Promise<Runtime> {
  const rpc: JsonRpcConnection = await openJsonRpc({
    endpoint: url,
    connectTimeoutMs: 2000,
    requestTimeoutMs: 5000,
  });
  try {
    return await loadRuntime(rpc, { genesisHash: GENESIS, codeHash: null, url, shelf: undefined }, GENESIS);
  } finally {
    await rpc.close();
  }
}

Deno.test("decodeNeurons() reads what runtimes of every age return", async () => {
  const runtime = await loadAltered("MechanismCountCurrent");
  const described = runtime.runtimeApi("NeuronInfoRuntimeApi", "get_neurons_lite");
  assert.notEqual(described.outputType, null);
  const list = registry.createType("Vec<LegacyNeuronInfoLite>", [
    {
      hotkey: ALICE,
      coldkey: BOB,
      uid: 0,
      stake: [[BOB, 1_000_000_000n], [ALICE, 18_446_744_073_709_551_615n]],
    },
    { hotkey: BOB, coldkey: BOB, uid: 65535, stake: [] },
  ]).toU8a();
  const wrapped = compactAddLength(list);
  const expected = [
    { uid: 0, hotkey: ALICE, stakeRao: "18446744074709551615" },
    { uid: 65535, hotkey: BOB, stakeRao: "0" },
  ];
  const { stateCall } = described;
  assert.deepEqual(decodeNeurons(described, list), expected);
  assert.deepEqual(decodeNeurons({ stateCall, outputType: BYTES }, wrapped), expected);
  assert.deepEqual(decodeNeurons({ stateCall, outputType: null }, list), expected);
  assert.deepEqual(decodeNeurons({ stateCall, outputType: null }, wrapped), expected);
  assert.deepEqual(decodeNeurons({ stateCall, outputType: null }, Uint8Array.of(0)), []);
  for (const method of [described, { stateCall, outputType: BYTES }, { stateCall, outputType: null }]) {
    assert.throws(() => decodeNeurons(method, list.subarray(0, 100)));
  }
});

Deno.test("loadRuntime() refuses metadata that contradict themselves, and names the answer", async () => {
  const { version } = SimulatedRuntime.builtin().image;
  await using node = startMockNode({
    state_getRuntimeVersion: () => version,
    state_call: () => "0x",
    state_getMetadata: () => `0x${contradictory().toHex()}`,
  });
  await assert.rejects(loadFrom(node.url), {
    kind: "invalid-answer",
    message: /state_getMetadata: the metadata do not describe Commitments\.CommitmentOf in full/,
  });
});

Deno.test("lists that claim more entries than their bytes hold are refused at once", async () => {
  const runtime = await loadAltered("MechanismCountCurrent");
  const item = runtime.storage("Commitments", "CommitmentOf");
  const method = runtime.runtimeApi("NeuronInfoRuntimeApi", "get_neurons_lite");
  const claimed = compactToU8a(100_000);
  const startMs = performance.now();
  const record = decodeCommitment(item, Uint8Array.of(...new Uint8Array(12), ...claimed, 0));
  assert.equal(record.fieldKind, "Undecodable");
  assert.throws(() => decodeNeurons(method, Uint8Array.of(...claimed, 1, 2, 3)));
  const events = runtime.storage("System", "Events");
  assert.throws(() => events.decode(claimed));
  assert.ok(performance.now() - startMs < 1000, "it took long");
});

Deno.test("decodeNeurons() refuses more than MAX_NEURONS", async () => {
  const runtime = await loadAltered("MechanismCountCurrent");
  const method = runtime.runtimeApi("NeuronInfoRuntimeApi", "get_neurons_lite");
  const neuron = registry.createType("LegacyNeuronInfoLite", { hotkey: ALICE, coldkey: BOB }).toU8a();
  const list = (count: number): Uint8Array => u8aConcat(compactToU8a(count), ...Array(count).fill(neuron));
  assert.equal(decodeNeurons(method, list(MAX_NEURONS)).length, MAX_NEURONS);
  assert.throws(
    () => decodeNeurons(method, list(MAX_NEURONS + 1)),
    /Cannot read more than 4096 neurons/,
  );
});

async function unknownOf(altered: string): Promise<string[]> {
  return (await openSigningApi(await loadAltered(altered))).unknownExtensions();
}

Deno.test("SigningApi names extensions that would make every signature invalid", async () => {
  assert.deepEqual(await unknownOf("MechanismCountCurrent"), []);
  // Empty in both its parts: harmless under any name.
  assert.deepEqual(await unknownOf("DrandPriority"), []);
  // Carries the tip in the extrinsic, the spec version in the signed bytes.
  assert.deepEqual(await unknownOf("ChargeTransactionPayment"), ["Z".repeat(24)]);
  assert.deepEqual(await unknownOf("CheckSpecVersion"), ["Z".repeat(16)]);
});

Deno.test("submitCommitment() warns of unknown extensions once a connection", async () => {
  await using node = chainWithout("ChargeTransactionPayment", {
    chain_getFinalizedHead: () => GENESIS,
    system_accountNextIndex: () => 0,
  });
  const warnings: ChainWarning[] = [];
  await using connection = await connect(node.url, { onWarning: (warning) => warnings.push(warning) });
  const publish = async (): Promise<unknown> =>
    await submitCommitment(connection, {
      netuid: NETUID,
      data: new Uint8Array(1),
      signer: await aliceSigner(),
    });
  await assert.rejects(publish(), { kind: "rejected" });
  await assert.rejects(publish(), { kind: "rejected" });
  assert.deepEqual(warnings.map(({ kind, extensions }) => [kind, extensions]), [
    ["unknown-extensions", ["Z".repeat(24)]],
  ]);
});

// The methods that every node has; no subscription but that of the extrinsic. A node that refuses `state_getStorageHash` is
// asked for the version instead.
const COMMON_METHODS = new Set([
  "author_submitAndWatchExtrinsic",
  "author_unwatchExtrinsic",
  "chain_getBlock",
  "chain_getBlockHash",
  "chain_getFinalizedHead",
  "chain_getHeader",
  "state_call",
  "state_getKeysPaged",
  "state_getMetadata",
  "state_getRuntimeVersion",
  "state_getStorage",
  "state_getStorageHash",
  "state_queryStorageAt",
  "system_accountNextIndex",
]);

Deno.test("the client asks for common methods only", async () => {
  await using simulator = await startSimulator();
  simulator.chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 0 });
  await using connection = await connect(simulator.url);
  await submitCommitment(connection, {
    netuid: NETUID,
    data: new Uint8Array(1),
    signer: await aliceSigner(),
  });
  const head = await connection.bestHead();
  const tempo = await connection.tempo(NETUID);
  await connection.readSnapshot({ netuid: NETUID, tempo, head, firstBlockNumber: head.number });
  await connection.registeredUid(NETUID, ALICE);
  await connection.readCommitment(NETUID, ALICE);
  const asked = Object.keys(simulator.requestCounts());
  assert.deepEqual(asked.filter((method) => !COMMON_METHODS.has(method)), []);
});
