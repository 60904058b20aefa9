/**
 * The wire itself, by a client of our own: parameters by name as turbobt sends them, hex with and without `0x`,
 * real nodes' errors. Deno's sanitizers see to it that nothing stays behind.
 */

import assert from "node:assert/strict";
import { blake2AsHex } from "@polkadot/util-crypto";
import { hexToU8a } from "@polkadot/util";
import {
  type Runtime,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from "../../src/simulator/mod.ts";
import {
  account,
  address,
  commitmentCall,
  NETUID,
  RawClient,
  RpcFailure,
  signExtrinsic,
  type SigningContext,
  testRuntimes,
} from "./support.ts";

const ALICE = account("Alice");
const BOB = account("Bob");
const START = 7_500_000;

async function withClient(
  options: SimulatorOptions,
  run: (client: RawClient, simulator: Simulator) => Promise<void>,
): Promise<void> {
  await using simulator = await startSimulator({ startBlock: START, ...options });
  simulator.chain.registerNeuron(NETUID, { hotkey: ALICE.address, stakeRao: 5 });
  await using client = await RawClient.connect(simulator.url);
  await run(client, simulator);
}

function testClient(
  name: string,
  options: SimulatorOptions,
  run: (client: RawClient, simulator: Simulator) => Promise<void>,
): void {
  Deno.test(name, () => withClient(options, run));
}

/** Alice's commitment, signed for this chain. */
function signed({ chain }: Simulator, text: string, context: Partial<SigningContext> = {}): string {
  return signExtrinsic(ALICE, commitmentCall(text), { genesisHash: chain.genesisHash, nonce: 0, ...context });
}

async function refusal(call: Promise<unknown>): Promise<{ code: number; message: string; data: unknown }> {
  const error = await call.then(() => assert.fail("it was not refused"), (error) => error);
  assert.ok(error instanceof RpcFailure, String(error));
  return { code: error.code, message: error.message, data: error.data };
}

interface Header {
  readonly number: string;
  readonly parentHash: string;
}

testRuntimes(
  "a client that names its parameters reads an auction and publishes a bid",
  (runtime: Runtime) =>
    withClient({ runtime }, async (client, simulator) => {
      const { chain } = simulator;
      chain.setTempo(NETUID, 99);
      for (let i = 0; i < 3; i++) {
        chain.setCommitment({ netuid: NETUID, hotkey: address(i), data: `2;b;${i}` });
      }
      chain.advance(2);

      const metadata = await client.call<string>("state_call", {
        name: "Metadata_metadata_at_version",
        bytes: "0x0f000000",
        hash: null,
      });
      const v15 = hexToU8a(metadata as `0x${string}`);
      assert.deepEqual([...v15.slice(0, 1), ...v15.slice(5, 10)], [1, 0x6d, 0x65, 0x74, 0x61, 15]);
      assert.deepEqual(v15.slice(5), runtime.image.v15);

      const head = await client.call<Header>("chain_getHeader", { hash: null });
      assert.equal(Number(head.number), START + 2);
      const hash = await client.call<string>("chain_getBlockHash", { hash: START + 1 });
      assert.equal(hash, chain.blockHash(START + 1));
      assert.equal(
        (await client.call<Header>("chain_getHeader", { hash })).parentHash,
        chain.blockHash(START),
      );

      const prefix = `0x${chain.storageKey("Commitments", "CommitmentOf", NETUID)}`;
      const keys = await client.call<string[]>("state_getKeys", { prefix, hash });
      assert.equal(keys.length, 3);
      assert.deepEqual(keys, [...keys].sort());
      const pages: string[] = [];
      for (let startKey = ""; pages.length < 3;) {
        const page = await client.call<string[]>("state_getKeysPaged", { prefix, count: 2, startKey, hash });
        pages.push(...page);
        startKey = page.at(-1)!;
      }
      assert.deepEqual(pages, keys);
      const asked = [keys[2], keys[0], keys[1]];
      const [set] = await client.call<{ block: string; changes: [string, string][] }[]>(
        "state_queryStorageAt",
        {
          keys: asked,
          hash,
        },
      );
      assert.equal(set!.block, hash);
      assert.deepEqual(
        set!.changes.map(([key]) => key),
        asked,
        "values come in the order of the keys",
      );
      assert.ok(
        set!.changes.every(([, value]) => value.startsWith("0x0000000000000000" + "e0707200" + "04")),
      );

      const neurons = await client.call<string>("state_call", {
        name: "NeuronInfoRuntimeApi_get_neurons_lite",
        bytes: "5900",
        hash,
      });
      const keyHex = Array.from(ALICE.publicKey, (byte) => byte.toString(16).padStart(2, "0")).join("");
      assert.ok(
        neurons.startsWith(`0x04${keyHex}${keyHex}00650101`),
        "hotkey, coldkey, uid 0, netuid 89, active",
      );
      const dynamicInfo = await client.call<string>("state_call", {
        name: "SubnetInfoRuntimeApi_get_dynamic_info",
        bytes: "5900",
        hash,
      });
      assert.ok(dynamicInfo.startsWith("0x016501"), "Some, netuid 89");
      const [tempoKey, splitKey] = ["Tempo", "MechanismEmissionSplit"].map((item) =>
        chain.storageKey("SubtensorModule", item, NETUID)
      );
      assert.equal(await client.call("state_getStorage", { key: tempoKey, hash }), "0x6300");
      assert.equal(await client.call("state_getStorage", { key: splitKey, hash: null }), null);

      const version = await client.call<
        { specVersion: number; transactionVersion: number; apis: [string, number][] }
      >(
        "state_getRuntimeVersion",
        { hash: null },
      );
      assert.deepEqual([version.specVersion, version.transactionVersion], [318, 1]);
      assert.ok(version.apis.some(([id]) => id === blake2AsHex("Core", 64)));
      const nonce = await client.call<number>("system_accountNextIndex", { account: ALICE.address });
      const genesisHash = await client.call<string>("chain_getBlockHash", { hash: 0 });
      const era = { period: 4, current: START + 2, birthHash: chain.blockHash(START - START % 4 + 2)! };
      const extrinsic = signExtrinsic(ALICE, commitmentCall("2;b;BTC,1=0.1:3"), { genesisHash, nonce, era });

      const id = await client.call<string>("author_submitAndWatchExtrinsic", { bytes: `0x${extrinsic}` });
      assert.match(id, /^0x([0-9a-f]{2})+$/, "turbobt reads the id as bytes");
      assert.equal(await client.next(id), "ready");
      const { inBlock } = await client.next<{ inBlock: string }>(id);
      const { finalized } = await client.next<{ finalized: string }>(id);
      assert.equal(inBlock, finalized);
      assert.equal(await client.call("author_unwatchExtrinsic", { bytes: id }), true);
      assert.equal(await client.call("author_unwatchExtrinsic", { bytes: id }), false);

      const { block, justifications } = await client.call<{
        block: { header: Header; extrinsics: string[] };
        justifications: null;
      }>("chain_getBlock", { hash: finalized });
      assert.equal(justifications, null);
      assert.equal(Number(block.header.number), START + 3);
      assert.deepEqual(block.extrinsics.slice(1), [`0x${extrinsic}`]);
      assert.match(block.extrinsics[0]!, /^0x280402000b/, "the timestamp inherent");
      const events = await client.call("state_getStorage", {
        key: `0x${chain.storageKey("System", "Events")}`,
        hash: finalized,
      });
      // Inherent: success. Ours: Commitments.Commitment (18.0), then success.
      assert.ok(String(events).startsWith("0x0c0000000000"));
      assert.ok(String(events).includes(`00010000001200${"5900"}${keyHex}00`));
      const record = await client.call("state_getStorage", {
        key: chain.storageKey("Commitments", "CommitmentOf", NETUID, ALICE.address),
        hash: finalized,
      });
      assert.equal(record, "0x0000000000000000e370720004103" + "23b623b4254432c313d302e313a33");
    }),
);

testClient(
  "parameters may be missing, null, by position, and hex without 0x",
  {},
  async (client, { chain }) => {
    const hash = chain.head.hash;
    const key = chain.storageKey("Timestamp", "Now");
    const expected = await client.call("state_getStorage", [`0x${key}`, hash]);
    for (const params of [[key], [key, null], [key, hash.slice(2)], { key }, { key: `0x${key}`, hash }]) {
      assert.equal(await client.call("state_getStorage", params), expected);
    }
    assert.equal(await client.call("chain_getBlockHash"), hash);
    assert.equal(await client.call("chain_getBlockHash", [`0x${START.toString(16)}`]), hash);
    assert.deepEqual(await client.call("chain_getBlockHash", [[START, START + 1]]), [hash, null]);
    assert.equal(await client.call("chain_getHeader", [`0x${"12".repeat(32)}`]), null);
    assert.equal(await client.call("chain_getBlock", [`0x${"12".repeat(32)}`]), null);
    assert.equal(await client.call("state_getStorageSize", [key]), 8);
    assert.match(await client.call("state_getMetadata"), /^0x6d6574610e/);
  },
);

testClient("keys are paged strictly after startKey, at most 1000", {}, async (client, { chain }) => {
  const keys = await client.call<string[]>("state_getKeysPaged", ["0x", 1000]);
  assert.deepEqual(await client.call("state_getKeysPaged", ["0x", 2, keys[1]]), keys.slice(2, 4));
  assert.deepEqual(
    await client.call("state_getKeysPaged", [`0x${chain.storageKey("Timestamp", "Now")}`, 5]),
    [
      `0x${chain.storageKey("Timestamp", "Now")}`,
    ],
  );
  assert.deepEqual(await refusal(client.call("state_getKeysPaged", ["0x", 1001])), {
    code: 4002,
    message: "count exceeds maximum value. value: 1001, max: 1000",
    data: undefined,
  });
});

testClient("wrong calls get JSON-RPC errors", { disabledMethods: ["state_getKeys"] }, async (client) => {
  assert.equal((await refusal(client.call("no_suchMethod"))).code, -32601);
  assert.equal((await refusal(client.call("state_getKeys", ["0x"]))).code, -32601);
  assert.equal((await refusal(client.call("toString"))).code, -32601);
  for (
    const [method, params] of [
      ["state_getStorage", []],
      ["state_getStorage", ["0xzz"]],
      ["state_getStorage", ["0x00", "0x12"]],
      ["state_getStorage", ["0x00", null, 1]],
      ["state_getStorage", "0x00"],
      ["chain_getBlockHash", [-1]],
      ["chain_getBlockHash", ["latest"]],
      ["system_accountNextIndex", ["nobody"]],
      ["state_queryStorageAt", ["0x00"]],
    ] as const
  ) {
    assert.equal(
      (await refusal(client.call(method, params))).code,
      -32602,
      `${method} ${JSON.stringify(params)}`,
    );
  }
  const unknown = `0x${"12".repeat(32)}`;
  assert.deepEqual(await refusal(client.call("state_getStorage", ["0x00", unknown])), {
    code: 4003,
    message: `Client error: UnknownBlock: Header was not found in the database: ${unknown}`,
    data: undefined,
  });
  const missing = await refusal(client.call("state_call", ["Nothing_like_this", "0x"]));
  assert.equal(
    missing.message,
    "Client error: Execution failed: Other: Exported method Nothing_like_this is not found",
  );
  const short = await refusal(client.call("state_call", ["NeuronInfoRuntimeApi_get_neurons_lite", "0x59"]));
  assert.equal(short.code, 4003);
  const { methods } = await client.call<{ methods: string[] }>("rpc_methods");
  assert.ok(methods.includes("author_submitAndWatchExtrinsic") && !methods.includes("state_getKeys"));
});

testClient(
  "a pruning node has no old state, but old headers",
  { stateWindowBlocks: 10 },
  async (client, { chain }) => {
    const old = chain.head.hash;
    chain.advance(20);
    assert.deepEqual(await refusal(client.call("state_getStorage", { key: "0x00", hash: old })), {
      code: 4003,
      message: `Client error: UnknownBlock: State already discarded for ${old}`,
      data: undefined,
    });
    assert.equal((await refusal(client.call("state_getRuntimeVersion", [old]))).code, 4003);
    assert.equal(Number((await client.call<Header>("chain_getHeader", [old])).number), START);
  },
);

testClient("author_submitExtrinsic() refuses as a real node does", {}, async (client, simulator) => {
  const submit = (extrinsic: string): Promise<unknown> => client.call("author_submitExtrinsic", [extrinsic]);
  const invalid = (data: string): unknown => ({ code: 1010, message: "Invalid Transaction", data });
  const { chain } = simulator;
  assert.equal(
    await submit(signed(simulator, "one")),
    blake2AsHex(hexToU8a(`0x${signedBytes(chain.head)}`), 256),
  );
  function signedBytes(block: typeof chain.head): string {
    return Array.from(block.extrinsics[0]!, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  assert.deepEqual(await refusal(submit(signed(simulator, "again"))), invalid("Transaction is outdated"));

  const good = signed(simulator, "two", { nonce: 1 });
  const tampered = good.slice(0, -2) + "ff";
  assert.deepEqual(await refusal(submit(tampered)), invalid("Transaction has a bad signature"));
  const elsewhere = signed(simulator, "two", { nonce: 1, genesisHash: `0x${"00".repeat(32)}` });
  assert.deepEqual(await refusal(submit(elsewhere)), invalid("Transaction has a bad signature"));
  const otherRuntime = signed(simulator, "two", { nonce: 1, specVersion: 317 });
  assert.deepEqual(await refusal(submit(otherRuntime)), invalid("Transaction has a bad signature"));

  assert.equal((await refusal(submit(good.slice(0, -2)))).code, 1002, "cut off");
  assert.equal((await refusal(submit("0x00"))).code, 1002);
  assert.equal((await refusal(submit("280402000b00f6a1ca9901"))).code, 1011, "an inherent is not signed");
  const unknownCall = signExtrinsic(ALICE, new Uint8Array([200, 0]), {
    genesisHash: chain.genesisHash,
    nonce: 1,
  });
  assert.equal((await refusal(submit(unknownCall))).code, 1002);
  const fourFields = new Uint8Array([0x12, 0, NETUID, 0, 4 << 2, 1, 1, 1, 1]);
  const tooMany = signExtrinsic(ALICE, fourFields, { genesisHash: chain.genesisHash, nonce: 1 });
  assert.match((await refusal(submit(tooMany))).message, /BoundedVec exceeds its limit: 4 fields of 3/);
  assert.equal(chain.head.number, START + 1, "nothing of this made a block");
});

testClient("a mortal extrinsic dies", { autoInclude: false }, async (client, simulator) => {
  const { chain } = simulator;
  const era = { period: 8, current: START, birthHash: chain.head.hash };
  assert.equal(START % 8, 0);
  const extrinsic = signed(simulator, "mortal", { era });
  const submit = (): Promise<unknown> => client.call("author_submitExtrinsic", [extrinsic]);
  chain.advance(7);
  assert.equal(
    (await refusal(submit())).data,
    "Transaction has an ancient birth block",
    "its era begins above the head",
  );
  chain.advance();
  assert.equal(
    (await refusal(submit())).data,
    "Transaction has a bad signature",
    "it was signed for another era",
  );
  const fresh = signed(simulator, "mortal", {
    era: { ...era, current: START + 8, birthHash: chain.head.hash },
  });
  const id = await client.call<string>("author_submitAndWatchExtrinsic", [fresh]);
  assert.equal(await client.next(id), "ready");
  assert.equal(await client.call("system_accountNextIndex", [ALICE.address]), 1, "what waits is counted");
  assert.deepEqual(await client.call("author_pendingExtrinsics"), [`0x${fresh}`]);
  assert.deepEqual(await refusal(client.call("author_submitExtrinsic", [fresh])), {
    code: 1013,
    message: "Transaction Already Imported",
    data: blake2AsHex(hexToU8a(`0x${fresh}`), 256),
  });
  const rival = signed(simulator, "rival", { nonce: 0 });
  assert.deepEqual(await refusal(client.call("author_submitExtrinsic", [rival])), {
    code: 1014,
    message: "Priority is too low: (0 vs 0)",
    data: "The transaction has too low priority to replace another transaction already in the pool.",
  });
  chain.advance();
  assert.deepEqual(await client.next(id), { inBlock: chain.head.hash });
});

testClient(
  "extrinsics wait for their turn, and again after a fork",
  { finalityLag: 2 },
  async (client, simulator) => {
    const { chain } = simulator;
    const submit = (text: string, nonce: number): Promise<string> =>
      client.call("author_submitAndWatchExtrinsic", [signed(simulator, text, { nonce })]);
    const second = await submit("second", 1);
    assert.equal(await client.next(second), "future");
    assert.equal(chain.head.number, START, "a gap in the nonces makes no block");
    const first = await submit("first", 0);
    assert.equal(await client.next(first), "ready");
    const block = chain.head.hash;
    assert.deepEqual([await client.next(first), await client.next(second)], [{ inBlock: block }, {
      inBlock: block,
    }]);
    chain.rewind();
    assert.deepEqual(await client.next(first), { retracted: block });
    chain.advance();
    assert.deepEqual(await client.next(first), { inBlock: chain.head.hash });
    assert.notEqual(chain.head.hash, block);
    const final = chain.head.hash;
    chain.advance(2);
    assert.deepEqual(await client.next(first), { finalized: final });
  },
);

testClient("the pool can drop what waits", { autoInclude: false }, async (client, simulator) => {
  const id = await client.call<string>("author_submitAndWatchExtrinsic", [signed(simulator, "lost")]);
  simulator.chain.pool.drop();
  assert.deepEqual([await client.next(id), await client.next(id)], ["ready", "dropped"]);
});

testClient("a tempo has room for 31 small commitments", {}, async (client, simulator) => {
  const { chain } = simulator;
  chain.setTempo(NETUID, 360);
  // The first block of an epoch of this counting.
  chain.setHead(START + 361 - (START + NETUID + 1) % 361);
  for (let nonce = 0; nonce < 32; nonce++) {
    await client.call("author_submitExtrinsic", [signed(simulator, `2;b;${nonce}`, { nonce })]);
  }
  const stored = (): string | undefined =>
    chain.storageAt(chain.head, chain.storageKey("Commitments", "CommitmentOf", NETUID, ALICE.address));
  assert.ok(
    stored()!.endsWith("04" + "07" + "323b623b" + "3330"),
    "the 31st, 2;b;30, is the last that was stored",
  );
  const events = chain.storageAt(chain.head, chain.storageKey("System", "Events"))!;
  assert.ok(events.includes("0001" + "03" + "12" + "02000000"), "ExtrinsicFailed: Module 18, error 2");
  chain.advance(361);
  await client.call("author_submitExtrinsic", [signed(simulator, "2;b;", { nonce: 32 })]);
  assert.ok(stored()!.endsWith("0405" + "323b623b"), "the next tempo has room again");
});

testClient(
  "subscriptions begin with the present and end on demand",
  { finalityLag: 1 },
  async (client, { chain }) => {
    const [best, finalized, all, version] = await Promise.all(
      [
        "chain_subscribeNewHeads",
        "chain_subscribeFinalizedHeads",
        "chain_subscribeAllHeads",
        "state_subscribeRuntimeVersion",
      ]
        .map((method) => client.call<string>(method, method.startsWith("chain_subscribeF") ? {} : [])),
    );
    const number = async (id: string): Promise<number> =>
      Number((await client.next<Header>(id)).number) - START;
    assert.deepEqual([await number(best!), await number(finalized!), await number(all!)], [0, -1, 0]);
    assert.equal((await client.next<{ specVersion: number }>(version!)).specVersion, 318);
    chain.advance();
    assert.deepEqual([await number(best!), await number(finalized!), await number(all!)], [1, 0, 1]);
    assert.equal(await client.call("chain_unsubscribeNewHeads", [best]), true);
    chain.advance();
    assert.equal(await number(all!), 2);
    assert.equal(client.waiting(best!), 0);
  },
);

testClient("state_subscribeStorage() tells what changed", {}, async (client, { chain }) => {
  const [tempo, split] = ["Tempo", "MechanismEmissionSplit"].map((item) =>
    `0x${chain.storageKey("SubtensorModule", item, NETUID)}`
  );
  const id = await client.call<string>("state_subscribeStorage", [[tempo, split]]);
  assert.deepEqual(await client.next(id), {
    block: chain.head.hash,
    changes: [[tempo, null], [split, null]],
  });
  chain.advance();
  chain.setTempo(NETUID, 99);
  assert.deepEqual(await client.next(id), { block: chain.head.hash, changes: [[tempo, "0x6300"]] });
});

testClient("faults are what clients must survive", {
  faults: { system_chain: { kind: "hang" }, system_name: { kind: "delay", delayMs: 5 } },
}, async (client, simulator) => {
  const never = client.call("system_chain");
  let answered = false;
  never.then(() => answered = true, () => answered = true);
  assert.equal(await client.call("system_name"), "Subtensor-like simulator");
  simulator.setFault("Core_version", { kind: "error", code: -32000, message: "overloaded" });
  assert.equal((await refusal(client.call("state_call", ["Core_version", "0x"]))).message, "overloaded");
  assert.match(
    await client.call("state_call", ["Metadata_metadata_versions", "0x"]),
    /^0x080e0000000f000000$/,
  );
  simulator.setFault("Core_version", null);
  assert.match(await client.call("state_call", ["Core_version", "0x"]), /^0x386e6f64652d73756274656e736f72/);
  assert.equal(answered, false);
  simulator.setFault("system_health", { kind: "close" });
  client.call("system_health");
  await client.closed();
});

testClient("close() ends delayed calls and open subscriptions", {
  faults: { system_name: { kind: "delay", delayMs: 3_600_000 } },
}, async (client, simulator) => {
  client.call("system_name");
  await client.call("chain_subscribeNewHeads");
  await simulator.close();
  await client.closed();
});

testClient("requestCounts() counts by method", {}, async (client, simulator) => {
  await client.call("system_chain");
  await client.call("system_chain");
  await client.call("system_health");
  assert.deepEqual(simulator.requestCounts(), { system_chain: 2, system_health: 1 });
  simulator.resetRequestCounts();
  assert.deepEqual(simulator.requestCounts(), {});
});

testClient("HTTP POST takes calls and batches", {}, async (_client, simulator) => {
  const post = async (body: string): Promise<unknown> => {
    const response = await fetch(simulator.url.replace("ws:", "http:"), { method: "POST", body });
    return response.status === 204 ? null : await response.json();
  };
  const call = (id: number | undefined, method: string, params?: unknown): object => ({
    jsonrpc: "2.0",
    id,
    method,
    params,
  });
  assert.deepEqual(await post(JSON.stringify(call(1, "chain_getBlockHash"))), {
    jsonrpc: "2.0",
    id: 1,
    result: simulator.chain.head.hash,
  });
  const batch = await post(
    JSON.stringify([call(1, "system_chain"), call(undefined, "system_chain"), call(2, "no")]),
  );
  assert.deepEqual(batch, [
    { jsonrpc: "2.0", id: 1, result: "Subtensor simulator" },
    { jsonrpc: "2.0", id: 2, error: { code: -32601, message: "Method not found" } },
  ]);
  assert.deepEqual(await post(JSON.stringify(call(undefined, "system_chain"))), null);
  const error = async (body: string): Promise<number> =>
    (await post(body) as { error: { code: number } }).error.code;
  assert.equal(await error("{"), -32700);
  assert.equal(await error("[]"), -32600);
  assert.equal(await error("7"), -32600);
  assert.equal(await error(JSON.stringify(call(1, "chain_subscribeNewHeads"))), -32601);
});

Deno.test("startSimulator() builds blocks by its timer", async () => {
  await using simulator = await startSimulator({ startBlock: START, blockTimeMs: 5 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const firstMs = simulator.chain.head.timestampMs;
  simulator.chain.subscribe((event) => {
    if (event.kind === "best" && event.block.number === START + 3) resolve();
  });
  await promise;
  assert.equal(simulator.chain.blockAt(START + 3)!.timestampMs, firstMs + 36_000);
  await using client = await RawClient.connect(simulator.url);
  simulator.chain.registerNeuron(NETUID, { hotkey: BOB.address });
  const extrinsic = signExtrinsic(BOB, commitmentCall("timed"), {
    genesisHash: simulator.chain.genesisHash,
    nonce: 0,
  });
  const id = await client.call<string>("author_submitAndWatchExtrinsic", [extrinsic]);
  assert.equal(await client.next(id), "ready");
  assert.ok("inBlock" in await client.next<object>(id));
});

Deno.test("startSimulator() reports a port in use, and leaves nothing open", async () => {
  await using simulator = await startSimulator();
  const port = Number(new URL(simulator.url).port);
  const controlPort = Number(new URL(simulator.controlUrl).port);
  await assert.rejects(startSimulator({ port }), Deno.errors.AddrInUse);
  await assert.rejects(startSimulator({ controlPort }), Deno.errors.AddrInUse);
  await assert.rejects(startSimulator({ blockTimeMs: -1 }), /blockTimeMs is -1/);
});
