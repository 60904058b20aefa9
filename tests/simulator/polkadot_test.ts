import assert from "node:assert/strict";
import { ApiPromise, WsProvider } from "@polkadot/api";
import type { ApiOptions, SubmittableExtrinsic } from "@polkadot/api/types";
import type { KeyringPair } from "@polkadot/keyring/types";
import type { Header } from "@polkadot/types/interfaces";
import type { Codec, ISubmittableResult } from "@polkadot/types/types";
import { stringToHex } from "@polkadot/util";
import { Runtime, type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/mod.ts";
import { account, address, NETUID, runtime318 } from "./support.ts";

const ALICE = account("Alice");
const BOB = account("Bob");
const START = 7_500_000;

/** Starts a simulator with Alice registered, connects @polkadot/api to it, and closes both. */
async function withApi(
  options: SimulatorOptions,
  run: (api: ApiPromise, simulator: Simulator) => Promise<void>,
): Promise<void> {
  await using simulator = await startSimulator({ startBlock: START, ...options });
  simulator.chain.setTempo(NETUID, 360);
  simulator.chain.setMechanismEmissionSplit(NETUID, [32_768, 32_767]);
  simulator.chain.registerNeuron(NETUID, {
    hotkey: ALICE.address,
    coldkey: BOB.address,
    stakeRao: 10n ** 18n,
  });
  const provider = new WsProvider(simulator.url, false);
  await provider.connect();
  const api = await ApiPromise.create({
    // Its `ttl` may be undefined, which exactOptionalPropertyTypes holds against it.
    provider: provider as unknown as NonNullable<ApiOptions["provider"]>,
    throwOnConnect: true,
    noInitWarn: true,
  });
  try {
    await run(api, simulator);
  } finally {
    const closed = Promise.withResolvers<void>();
    provider.on("disconnected", () => closed.resolve());
    await api.disconnect();
    await closed.promise;
  }
}

/**
 * @polkadot/api keeps each subscription for 1.75 s after its end, by timers of rxjs that nothing outside can stop. That
 * the simulator itself leaves nothing behind is tested with a client of our own, in json_rpc_test.ts.
 */
const CLIENT_KEEPS_TIMERS = { sanitizeOps: false, sanitizeResources: false };

interface Variant {
  readonly name: string;
  readonly options: SimulatorOptions | null;
}

const VARIANTS: readonly Variant[] = [
  { name: "built-in metadata V15", options: { runtime: Runtime.builtin() } },
  { name: "built-in metadata V14", options: { runtime: Runtime.builtin(), metadataVersions: [14] } },
  {
    name: "built-in metadata by state_getMetadata",
    options: { runtime: Runtime.builtin(), disabledMethods: ["Metadata_metadata_versions"] },
  },
  { name: "metadata of spec 318", options: runtime318 === null ? null : { runtime: runtime318 } },
  {
    name: "metadata of spec 318 as V14",
    options: runtime318 === null ? null : { runtime: runtime318, metadataVersions: [14] },
  },
];

/** What differs between the others is the way to the metadata. */
const MAIN_VARIANTS = VARIANTS.filter(({ name }) => !/state_getMetadata|318 as V14/.test(name));

function testApi(
  name: string,
  run: (api: ApiPromise, simulator: Simulator) => Promise<void>,
  variants: readonly Variant[] = MAIN_VARIANTS,
): void {
  for (const variant of variants) {
    const { options } = variant;
    const skipped = options === null ? ": skipped, ../shared/subtensor is not there" : "";
    Deno.test({
      name: `@polkadot/api ${name} (${variant.name}${skipped})`,
      ignore: options === null,
      ...CLIENT_KEEPS_TIMERS,
      fn: () => withApi(options!, run),
    });
  }
}

/** Storage by dynamic name: no types are generated for this chain. */
function storage(
  api: { query: ApiPromise["query"] },
  pallet: string,
  item: string,
): ApiPromise["query"][string][string] {
  const found = api.query[pallet]?.[item];
  assert.ok(found, `${pallet}.${item} is in the metadata`);
  return found;
}

function setCommitment(api: ApiPromise, ...texts: string[]): SubmittableExtrinsic<"promise"> {
  const fields = texts.map((text) => ({ [`Raw${text.length}`]: stringToHex(text) }));
  return api.tx.commitments!.setCommitment!(NETUID, { fields });
}

/** Signs, sends, waits for finality. @returns the name of the dispatch error, or `null`. */
async function send(
  extrinsic: SubmittableExtrinsic<"promise">,
  signer: KeyringPair,
): Promise<{ error: string | null; events: string[]; blockHash: string }> {
  const done = Promise.withResolvers<ISubmittableResult>();
  const stop = await extrinsic.signAndSend(signer, (result) => {
    if (result.isFinalized || result.isError) done.resolve(result);
  });
  const { dispatchError, events, status } = await done.promise;
  stop();
  const error = dispatchError?.isModule
    ? extrinsic.registry.findMetaError(dispatchError.asModule).name
    : dispatchError?.toString() ?? null;
  return {
    error,
    events: events.map(({ event }) => `${event.section}.${event.method}`),
    blockHash: status.asFinalized.toHex(),
  };
}

testApi("reads what an auction needs", async (api, { chain }) => {
  assert.equal((await storage(api, "subtensorModule", "tempo")(NETUID)).toString(), "360");
  assert.deepEqual((await storage(api, "subtensorModule", "mechanismEmissionSplit")(NETUID)).toJSON(), [
    32_768,
    32_767,
  ]);
  assert.equal((await storage(api, "subtensorModule", "mechanismCountCurrent")(NETUID)).toJSON(), 1);
  assert.equal((await storage(api, "subtensorModule", "uids")(NETUID, ALICE.address)).toJSON(), 0);
  assert.equal((await storage(api, "timestamp", "now")()).toJSON(), chain.head.timestampMs);
  assert.equal(
    (await api.rpc.chain.getHeader()).hash.toHex(),
    chain.head.hash,
    "clients hash headers themselves",
  );
  assert.equal(api.genesisHash.toHex(), chain.genesisHash);
  assert.equal((await api.rpc.system.chain()).toString(), "Subtensor simulator");
  assert.deepEqual(api.registry.chainSS58, 42);
});

testApi("commits, and decodes success and failure", async (api) => {
  assert.equal(api.runtimeVersion.specVersion.toNumber(), 318);
  const good = await send(setCommitment(api, "2;b;BTC,1=0.1:3"), ALICE);
  assert.deepEqual(good.error, null);
  assert.deepEqual(good.events, ["commitments.Commitment", "system.ExtrinsicSuccess"]);
  const record = (await storage(api, "commitments", "commitmentOf")(NETUID, ALICE.address)).toJSON();
  assert.deepEqual(record, {
    deposit: 0,
    block: START + 1,
    info: { fields: [{ raw15: stringToHex("2;b;BTC,1=0.1:3") }] },
  });
  const bad = await send(setCommitment(api, "2;b;"), BOB);
  assert.deepEqual([bad.error, bad.events], ["AccountNotAllowedCommit", ["system.ExtrinsicFailed"]]);
  assert.equal(
    (await api.rpc.system.accountNextIndex(BOB.address)).toNumber(),
    1,
    "a failure uses the nonce up",
  );
  const { block } = await api.rpc.chain.getBlock(good.blockHash);
  assert.deepEqual(
    block.extrinsics.map(({ method, isSigned }) => [method.section, method.method, isSigned]),
    [["timestamp", "set", false], ["commitments", "setCommitment", true]],
  );
  const remark = await send(api.tx.system!.remark!("0x00"), ALICE);
  assert.equal(remark.error, null);
  const other = await send(api.tx.system!.remarkWithEvent!("0x00"), ALICE);
  assert.equal(other.error, "CallFiltered");
}, VARIANTS);

testApi("reads history with api.at()", async (api, { chain }) => {
  chain.setCommitment({ netuid: NETUID, hotkey: ALICE.address, data: "one" });
  const first = chain.head;
  chain.advance(60);
  chain.setCommitment({ netuid: NETUID, hotkey: ALICE.address, data: "two" });
  chain.registerNeuron(NETUID, { hotkey: BOB.address, stakeRao: 7 });
  chain.setTempo(NETUID, 99);
  const at = await api.at(first.hash);
  const record = await storage(at, "commitments", "commitmentOf")(NETUID, ALICE.address);
  assert.deepEqual((record.toJSON() as { info: unknown }).info, { fields: [{ raw3: stringToHex("one") }] });
  assert.equal((await storage(at, "subtensorModule", "tempo")(NETUID)).toJSON(), 360);
  assert.equal((await storage(at, "timestamp", "now")()).toJSON(), first.timestampMs);
  assert.equal((await storage(api, "subtensorModule", "tempo")(NETUID)).toJSON(), 99);
});

testApi("pages through a whole map in key order", async (api, simulator) => {
  const { chain } = simulator;
  for (let i = 0; i < 256; i++) {
    chain.setCommitment({ netuid: NETUID, hotkey: address(i), data: `2;b;BTC,1=0.45:${i + 1}` });
  }
  chain.setCommitment({ netuid: NETUID + 1, hotkey: address(1), data: "another subnet" });
  simulator.resetRequestCounts();
  const entries = await storage(api, "commitments", "commitmentOf").entriesPaged({
    args: [NETUID],
    pageSize: 100,
  });
  assert.equal(entries.length, 100);
  const all = await storage(api, "commitments", "commitmentOf").entries(NETUID);
  assert.equal(all.length, 256);
  const keys = all.map(([key]) => key.toHex());
  assert.deepEqual(keys, [...keys].sort());
  const counts = simulator.requestCounts();
  assert.deepEqual([counts.state_getKeysPaged, counts.state_queryStorageAt], [2, 3]);
});

testApi("hears of heads and storage changes", async (api, { chain }) => {
  const heads: number[] = [];
  const finalized: number[] = [];
  const tempos: unknown[] = [];
  const enough = Promise.withResolvers<void>();
  const check = (): void => {
    if (heads.at(-1) === START + 3 && finalized.at(-1) === START + 1 && tempos.length === 2) enough.resolve();
  };
  const stops = [
    await api.rpc.chain.subscribeNewHeads((header: Header) => {
      heads.push(header.number.toNumber());
      check();
    }),
    await api.rpc.chain.subscribeFinalizedHeads((header: Header) => {
      finalized.push(header.number.toNumber());
      check();
    }),
    await storage(api, "subtensorModule", "tempo")(NETUID, (value: Codec) => {
      tempos.push(value.toJSON());
      check();
    }) as unknown as () => void,
  ];
  chain.setFinalityLag(2);
  chain.advance(3);
  chain.setTempo(NETUID, 99);
  await enough.promise;
  for (const stop of stops) stop();
  assert.deepEqual(heads, [START, START + 1, START + 2, START + 3]);
  assert.deepEqual(finalized, [START, START + 1]);
  assert.deepEqual(tempos, [360, 99]);
});

// Metadata V14 has no runtime APIs.
for (const { name, options } of VARIANTS.filter(({ name }) => !/V14|state_getMetadata/.test(name))) {
  Deno.test({
    name: `@polkadot/api calls the typed runtime APIs (${name})`,
    ignore: options === null,
    ...CLIENT_KEEPS_TIMERS,
    fn: () =>
      withApi(options!, async (api, { chain }) => {
        chain.setTempo(NETUID, 99);
        chain.registerNeuron(NETUID, { hotkey: BOB.address, uid: 255, validatorPermit: true });
        const { neuronInfoRuntimeApi, subnetInfoRuntimeApi } = api.call;
        const neurons = (await neuronInfoRuntimeApi!.getNeuronsLite!(NETUID)).toJSON() as Record<
          string,
          unknown
        >[];
        assert.deepEqual(neurons.map(({ uid, netuid, hotkey }) => [uid, netuid, hotkey]), [
          [0, NETUID, ALICE.address],
          [255, NETUID, BOB.address],
        ]);
        assert.equal(BigInt(neurons[0]!.stake!.toString().split(",")[1]!), 10n ** 18n);
        assert.deepEqual(neurons[1]!.stake, [[BOB.address, 0]]);
        const info = (await subnetInfoRuntimeApi!.getDynamicInfo!(NETUID)).toJSON() as Record<
          string,
          unknown
        >;
        assert.deepEqual([info.netuid, info.tempo, info.ownerHotkey], [NETUID, 99, ALICE.address]);
        const hyper = (await subnetInfoRuntimeApi!.getSubnetHyperparams!(NETUID)).toJSON() as Record<
          string,
          unknown
        >;
        assert.deepEqual([hyper.tempo, hyper.kappa], [99, 32_767]);
        assert.equal((await subnetInfoRuntimeApi!.getDynamicInfo!(NETUID + 1)).toJSON(), null);
        assert.deepEqual((await neuronInfoRuntimeApi!.getNeuronsLite!(NETUID + 1)).toJSON(), []);
        assert.equal((await api.call.accountNonceApi!.accountNonce!(ALICE.address)).toString(), "0");
        const version = (await api.call.core!.version!()).toJSON() as Record<string, unknown>;
        assert.deepEqual([version.specName, version.specVersion], ["node-subtensor", 318]);
        const payment = await setCommitment(api, "x").paymentInfo(ALICE);
        assert.equal(payment.partialFee.toString(), "0");
      }),
  });
}
