/**
 * The neurons of a simulated subnet, as the runtime APIs report them.
 *
 * @module
 */

/** Options of a neuron; all but the hotkey have defaults. */
export interface NeuronInit {
  /** SS58 address. */
  readonly hotkey: string;
  /** @default the lowest free one */
  readonly uid?: number;
  /** SS58 address. @default the hotkey */
  readonly coldkey?: string;
  /** In rao (10^-9 alpha). @default 0 */
  readonly stakeRao?: bigint | number | string;
  /** @default false */
  readonly validatorPermit?: boolean;
}

/** A neuron of a subnet. */
export interface Neuron {
  readonly uid: number;
  readonly hotkey: string;
  readonly coldkey: string;
  readonly stakeRao: bigint;
  readonly validatorPermit: boolean;
  readonly registeredAtBlock: number;
}

/** The neurons of one subnet at one block, by ascending UID. Immutable. */
export type Neurons = readonly Neuron[];

/**
 * Adds a neuron; a hotkey that is there already is replaced at its UID, and a UID that is taken changes hands.
 *
 * @throws {RangeError} when the UID or the stake is out of range.
 */
export function withNeuron(neurons: Neurons, init: NeuronInit, block: number): Neurons {
  const known = neurons.find((neuron) => neuron.hotkey === init.hotkey);
  const uid = init.uid ?? known?.uid ?? lowestFreeUid(neurons);
  if (!Number.isInteger(uid) || uid < 0 || uid > 65_535) {
    throw new RangeError(
      `Cannot register ${init.hotkey}: uid is ${uid}; give a whole number from 0 to 65535`,
    );
  }
  const stakeRao = BigInt(init.stakeRao ?? known?.stakeRao ?? 0);
  if (stakeRao < 0n || stakeRao >= 1n << 64n) {
    throw new RangeError(
      `Cannot register ${init.hotkey}: stakeRao is ${stakeRao}; give an unsigned 64-bit number`,
    );
  }
  const neuron: Neuron = {
    uid,
    hotkey: init.hotkey,
    coldkey: init.coldkey ?? known?.coldkey ?? init.hotkey,
    stakeRao,
    validatorPermit: init.validatorPermit ?? known?.validatorPermit ?? false,
    registeredAtBlock: known?.uid === uid ? known.registeredAtBlock : block,
  };
  return [...neurons.filter((other) => other.uid !== uid && other.hotkey !== init.hotkey), neuron]
    .sort((a, b) => a.uid - b.uid);
}

function lowestFreeUid(neurons: Neurons): number {
  const taken = new Set(neurons.map((neuron) => neuron.uid));
  let uid = 0;
  while (taken.has(uid)) uid++;
  return uid;
}
