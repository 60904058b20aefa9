import assert from "node:assert/strict";
import { hexToU8a } from "@polkadot/util";
import { incentiveShares } from "../../src/simulator/epoch.ts";
import { SimulatedChain } from "../../src/simulator/mod.ts";
import { address, NETUID, testRuntimes } from "./support.ts";

const TEMPO = 360;
/** The first block of an epoch of subnet 89, and the block that ends it. */
const FIRST = 7_500_046;
const EPOCH_END = FIRST + TEMPO;
const [VALIDATOR, RIVAL, OWNER, MINER] = [address(1), address(2), address(3), address(4)];

function openChain(options: ConstructorParameters<typeof SimulatedChain>[0] = {}): SimulatedChain {
  const chain = new SimulatedChain({ startBlock: FIRST, ...options });
  chain.setTempo(NETUID, TEMPO);
  chain.setMechanismEmissionSplit(NETUID, [52_428, 13_107]);
  chain.setNeurons(NETUID, [
    { hotkey: VALIDATOR, stakeRao: 600n, validatorPermit: true },
    { hotkey: RIVAL, stakeRao: 400n, validatorPermit: true },
    { hotkey: OWNER },
    { hotkey: MINER },
  ]);
  chain.setSubnetOwner(NETUID, OWNER);
  return chain;
}

function commit(chain: SimulatedChain, hotkey: string, owner: number, miner: number): void {
  const weights = [{ uid: 2, weight: owner }, { uid: 3, weight: miner }];
  chain.commitWeights({ netuid: NETUID, mechanism: 1, hotkey, weights });
}

/** The integers of a stored list, little-endian, after its one-byte length. */
function listOf(chain: SimulatedChain, item: string, index: number, bytesEach: number): number[] | null {
  const stored = chain.storageAt(chain.head, chain.storageKey("SubtensorModule", item, index));
  if (stored === undefined) return null;
  const bytes = hexToU8a(`0x${stored}`);
  const numbers = Array.from(
    { length: bytes[0]! >> 2 },
    (_, i) => bytes.slice(1 + i * bytesEach, 1 + (i + 1) * bytesEach),
  );
  return numbers.map((part) => part.reduceRight((value, byte) => value * 256 + byte, 0));
}

const incentive = (chain: SimulatedChain): number[] | null => listOf(chain, "Incentive", NETUID + 4096, 2);
const emission = (chain: SimulatedChain): number[] | null => listOf(chain, "Emission", NETUID, 8);

testRuntimes("weights pay at the end of the epoch in which they are revealed", (runtime) => {
  const chain = openChain({ runtime });
  commit(chain, VALIDATOR, 49_151, 16_384);
  commit(chain, RIVAL, 49_151, 16_384);
  chain.setHead(EPOCH_END - 1);
  assert.equal(incentive(chain), null);
  chain.advance();
  assert.deepEqual(incentive(chain), [0, 0, 0, 0], "nothing is revealed yet");
  chain.setHead(EPOCH_END + TEMPO);
  assert.deepEqual(incentive(chain), [0, 0, 0, 0], "revealed, and not yet paid");
  chain.advance();
  assert.deepEqual(incentive(chain), [0, 0, 49_151, 16_384]);
  // 361 alpha, of which validators and miners have 41 % each. Mechanism 1 has a fifth, and alone pays miners here.
  const each = 361e9 * 0.41;
  const expected = [each * 0.6, each * 0.4, each / 5 * 0.75, each / 5 * 0.25];
  emission(chain)!.forEach((rao, uid) =>
    assert.ok(Math.abs(rao / expected[uid]! - 1) < 1e-4, `UID ${uid}: ${rao}`)
  );
});

testRuntimes("the items have the keys and types of the real runtime", (runtime) => {
  const prefix = "658faa385070e074c85bf6b568cf0555";
  const chain = openChain({ runtime });
  chain.setRevealPeriodEpochs(NETUID, 3);
  const key = (item: string, ...keys: unknown[]): string => {
    const text = chain.storageKey("SubtensorModule", item, ...keys);
    assert.equal(text.slice(0, 32), prefix);
    return text.slice(64);
  };
  // Identity: the index as it is. 89 + 4096 is 0x1059.
  assert.equal(key("Incentive", NETUID + 4096), "5910");
  assert.equal(key("Emission", NETUID), "5900");
  assert.equal(key("Weights", NETUID + 4096, 3), "59100300");
  assert.equal(key("SubnetOwnerHotkey", NETUID), "5900");
  // Twox64Concat: sixteen digits before the index.
  assert.match(key("RevealPeriodEpochs", NETUID), /^[\da-f]{16}5900$/);
  const period = chain.storageKey("SubtensorModule", "RevealPeriodEpochs", NETUID);
  assert.equal(chain.storageAt(chain.head, period), "0300000000000000");
});

Deno.test("weights wait for as many epochs as RevealPeriodEpochs says", () => {
  const chain = openChain();
  chain.setRevealPeriodEpochs(NETUID, 2);
  commit(chain, VALIDATOR, 1, 1);
  chain.setHead(EPOCH_END + TEMPO + 1);
  assert.deepEqual(incentive(chain), [0, 0, 0, 0]);
  chain.setHead(EPOCH_END + 2 * (TEMPO + 1));
  assert.deepEqual(incentive(chain), [0, 0, 32_767, 32_767]);
});

Deno.test("old weights pay until a validator's new ones are revealed", () => {
  const chain = openChain();
  commit(chain, VALIDATOR, 1, 1);
  chain.setHead(EPOCH_END + 3 * (TEMPO + 1));
  assert.deepEqual(incentive(chain), [0, 0, 32_767, 32_767]);
  commit(chain, VALIDATOR, 1, 0);
  chain.setHead(EPOCH_END + 5 * (TEMPO + 1));
  assert.deepEqual(incentive(chain), [0, 0, 65_535, 0]);
});

Deno.test("a fork takes back the weights that it does not have", () => {
  const chain = openChain();
  chain.advance();
  commit(chain, VALIDATOR, 1, 1);
  chain.rewind();
  chain.setHead(EPOCH_END + TEMPO + 1);
  assert.deepEqual(incentive(chain), [0, 0, 0, 0]);
});

Deno.test("weights are refused from a hotkey without permit, and for a UID that nobody has", () => {
  const chain = openChain();
  assert.throws(() => commit(chain, MINER, 1, 1), /has no validator permit on subnet 89/);
  const unknown = { netuid: NETUID, hotkey: VALIDATOR, weights: [{ uid: 9, weight: 1 }] };
  assert.throws(() => chain.commitWeights(unknown), /UID 9 is not registered/);
  assert.throws(() => commit(chain, VALIDATOR, 1, 70_000), /is 70000; give a whole number from 0 to 65535/);
  assert.throws(() => chain.setRevealPeriodEpochs(NETUID, 0), /revealPeriodEpochs: it is 0/);
});

Deno.test("incentiveShares() gives a miner no more than a majority of the stake grants", () => {
  const row = (stakeShare: number, ...weights: number[]): Parameters<typeof incentiveShares>[0][number] => ({
    stakeShare,
    weights: new Map(weights.entries()),
  });
  const shares = (
    ...rows: Parameters<typeof incentiveShares>[0]
  ): number[] => [...incentiveShares(rows).values()];
  // A minority that pays somebody else pays nothing.
  assert.deepEqual(shares(row(0.6, 1, 0), row(0.4, 0, 1)), [1, 0]);
  // What it grants below the majority's weight still lowers the mean: 0.6 × 0.5 + 0.4 × 0.25 against 0.5.
  const [first, second] = shares(row(0.6, 0.5, 0.5), row(0.4, 0.25, 0.75));
  assert.ok(Math.abs(first! - 0.4 / 0.9) < 1e-12 && Math.abs(second! - 0.5 / 0.9) < 1e-12);
  // Nobody has weights.
  assert.deepEqual(shares(row(1)), []);
  assert.deepEqual(shares(row(1, 0, 0)), [0, 0]);
});
