import assert from "node:assert/strict";
import { startSimulator } from "../../src/simulator/mod.ts";
import { ALICE, BOB, chainWithout, connect, NETUID, RUNTIMES } from "./fixtures.ts";

/** An epoch of subnet 89 at tempo 9 ends with it. */
const EPOCH_END = 7_500_009;

for (const [runtimeName, options] of RUNTIMES) {
  Deno.test(`readPay() reads what an epoch paid, in one request beside that for the runtime, with ${runtimeName}`, async () => {
    await using simulator = await startSimulator({ startBlock: EPOCH_END - 5, ...options });
    const { chain } = simulator;
    chain.setTempo(NETUID, 9);
    chain.setMechanismEmissionSplit(NETUID, [0, 65_535]);
    chain.setRevealPeriodEpochs(NETUID, 2);
    chain.registerNeuron(NETUID, { hotkey: BOB, uid: 0, stakeRao: 9n, validatorPermit: true });
    chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 3 });
    const weights = [{ uid: 0, weight: 3 }, { uid: 3, weight: 1 }];
    chain.commitWeights({ netuid: NETUID, mechanism: 1, hotkey: BOB, weights });
    await using connection = await connect(simulator.url);
    const read = async (hotkey: string): ReturnType<typeof connection.readPay> =>
      await connection.readPay(NETUID, hotkey, chain.head.hash);
    assert.deepEqual(await read(ALICE), {
      uid: 3,
      incentive: null,
      emissionRao: null,
      revealPeriodEpochs: 2,
      lastEpochBlock: null,
    });
    chain.setHead(EPOCH_END + 23);
    simulator.resetRequestCounts();
    assert.deepEqual(await read(ALICE), {
      uid: 3,
      incentive: 16_383,
      emissionRao: 1_025_000_000n,
      revealPeriodEpochs: 2,
      lastEpochBlock: EPOCH_END + 20,
    });
    assert.deepEqual(simulator.requestCounts(), { state_getStorageHash: 1, state_queryStorageAt: 1 });
    chain.deregisterNeuron(NETUID, ALICE);
    const { uid, incentive, emissionRao, revealPeriodEpochs } = await read(ALICE);
    assert.deepEqual([uid, incentive, emissionRao, revealPeriodEpochs], [null, null, null, 2]);
  });
}

for (
  const [item, field] of [
    ["Incentive", "incentive"],
    ["Emission", "emissionRao"],
    ["RevealPeriodEpochs", "revealPeriodEpochs"],
    ["LastMechansimStepBlock", "lastEpochBlock"],
  ] as const
) {
  Deno.test(`readPay() does without ${item} on a chain that lacks it`, async () => {
    await using node = chainWithout(item, { state_queryStorageAt: () => [{ changes: [] }] });
    await using connection = await connect(node.url);
    const reading = await connection.readPay(NETUID, ALICE, `0x${"00".repeat(32)}`);
    assert.equal(reading[field], null);
  });
}
