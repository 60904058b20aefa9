/**
 * Scenarios: the state of a chain as JSON, for `--scenario` and the control API.
 *
 * @module
 */

import { hexToU8a } from "@polkadot/util";
import { decodeAddress } from "@polkadot/util-crypto";
import { z } from "zod";
import type { SimulatedChain } from "./chain.ts";
import { type CommitmentData, hexText } from "./commitment.ts";
import type { NeuronInit } from "./subnet.ts";

function passes(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/** An SS58 address. */
export const addressSchema = z.string().refine((text) => passes(() => decodeAddress(text)), {
  error: "must be an SS58 address",
});

/** Whole bytes as hex, with or without `0x`. */
export const hexSchema = z.string().refine((text) => passes(() => hexText(text)), {
  error: "must be whole bytes as hex",
});

/** A subnet's number. */
export const netuidSchema = z.int().min(0).max(65_535);

/** A block's number. */
export const blockNumberSchema = z.int().min(0).max(0xffff_ffff);

/** A neuron, as {@linkcode NeuronInit}; the stake in rao as a number or as digits. */
export const neuronSchema = z.strictObject({
  hotkey: addressSchema,
  uid: z.int().min(0).max(65_535).optional(),
  coldkey: addressSchema.optional(),
  stakeRao: z.union([z.int().min(0), z.string().regex(/^\d+$/)]).optional(),
  validatorPermit: z.boolean().optional(),
});

const fieldSchema = z.union([
  z.strictObject({ kind: z.enum(["None", "ResetBondsFlag"]) }),
  z.strictObject({
    kind: z.enum(["Raw", "BigRaw", "BlakeTwo256", "Sha256", "Keccak256", "ShaThree256"]),
    data: hexSchema,
  }),
  z.strictObject({ kind: z.literal("TimelockEncrypted"), encrypted: hexSchema, revealRound: z.int().min(0) }),
]);

/** A commitment: one of `text`, `hex`, `fields`, `storage` (the record's SCALE bytes). */
export const commitmentSchema = z.strictObject({
  hotkey: addressSchema,
  block: blockNumberSchema.optional(),
  text: z.string().optional(),
  hex: hexSchema.optional(),
  fields: z.array(fieldSchema).optional(),
  storage: hexSchema.optional(),
}).refine((value) => DATA_KEYS.filter((key) => value[key] !== undefined).length === 1, {
  error: "must have one of text, hex, fields, storage",
});

const DATA_KEYS = ["text", "hex", "fields", "storage"] as const;

/** `MechanismEmissionSplit`: shares of 65535, or `null` for none. */
export const splitSchema = z.array(z.int().min(0).max(65_535)).nullable();

/** `RevealPeriodEpochs`. */
export const revealPeriodSchema = z.int().min(1).max(100);

/** A validator's weights for one mechanism. */
export const weightsSchema = z.strictObject({
  mechanism: z.int().min(0).max(15).default(0),
  hotkey: addressSchema,
  weights: z.array(z.strictObject({
    uid: z.int().min(0).max(65_535),
    weight: z.int().min(0).max(65_535),
  })),
});

const subnetSchema = z.strictObject({
  netuid: netuidSchema,
  tempo: z.int().min(1).max(65_534).optional(),
  mechanismEmissionSplit: splitSchema.optional(),
  mechanismCount: z.int().min(0).max(255).nullable().optional(),
  revealPeriodEpochs: revealPeriodSchema.optional(),
  ownerHotkey: addressSchema.optional(),
  neurons: z.array(neuronSchema).default([]),
  commitments: z.array(commitmentSchema).default([]),
  weights: z.array(weightsSchema).default([]),
});

/** A whole chain. */
export const scenarioSchema = z.strictObject({
  /** Where the chain starts; only read when it is started. */
  startBlock: blockNumberSchema.min(1).optional(),
  startTimestampMs: z.int().min(0).optional(),
  subnets: z.array(subnetSchema).default([]),
  storage: z.array(z.strictObject({ key: hexSchema, value: hexSchema.nullable() })).default([]),
});

/** A scenario after validation. */
export type Scenario = z.infer<typeof scenarioSchema>;

/** Puts a scenario into the head's state: its neurons replace those of their subnets, the rest is added. */
export function applyScenario(chain: SimulatedChain, scenario: Scenario): void {
  for (const subnet of scenario.subnets) {
    const { netuid } = subnet;
    chain.setNeurons(netuid, subnet.neurons.map(neuronInit));
    if (subnet.tempo !== undefined) chain.setTempo(netuid, subnet.tempo);
    if (subnet.mechanismEmissionSplit !== undefined) {
      chain.setMechanismEmissionSplit(netuid, subnet.mechanismEmissionSplit);
    }
    if (subnet.mechanismCount !== undefined) chain.setMechanismCount(netuid, subnet.mechanismCount);
    if (subnet.revealPeriodEpochs !== undefined) {
      chain.setRevealPeriodEpochs(netuid, subnet.revealPeriodEpochs);
    }
    if (subnet.ownerHotkey !== undefined) chain.setSubnetOwner(netuid, subnet.ownerHotkey);
    for (const commitment of subnet.commitments) commit(chain, netuid, commitment);
    for (const weights of subnet.weights) chain.commitWeights({ netuid, ...weights });
  }
  for (const { key, value } of scenario.storage) chain.setStorage(key, value);
}

/** A validated neuron as the chain takes it. */
export function neuronInit(neuron: z.infer<typeof neuronSchema>): NeuronInit {
  return Object.fromEntries(
    Object.entries(neuron).filter(([, value]) => value !== undefined),
  ) as unknown as NeuronInit;
}

/** Stores a validated commitment. */
export function commit(
  chain: SimulatedChain,
  netuid: number,
  commitment: z.infer<typeof commitmentSchema>,
): void {
  const { hotkey, block = chain.head.number } = commitment;
  chain.setCommitment({ netuid, hotkey, block, data: commitmentData(commitment) });
}

function commitmentData(commitment: z.infer<typeof commitmentSchema>): CommitmentData {
  const { text, hex, fields, storage } = commitment;
  if (text !== undefined) return text;
  if (hex !== undefined) return hexToU8a(hexText(hex));
  return fields !== undefined ? { fields } : { storage: storage! };
}
