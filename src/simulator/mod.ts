/**
 * A Subtensor-like chain over JSON-RPC, for tests and the demo: any Substrate client can talk to it.
 *
 * ```ts
 * await using simulator = await startSimulator({ startBlock: 7_500_000 });
 * simulator.chain.setTempo(89, 360);
 * simulator.chain.registerNeuron(89, { hotkey: "5Grwva…", stakeRao: 1_000_000_000n });
 * simulator.chain.setCommitment({ netuid: 89, hotkey: "5Grwva…", data: "2;b;BTC,1=0.45:2" });
 * simulator.chain.advance(60);
 * ```
 *
 * @module
 */

export type { BlockInfo } from "./block.ts";
export { SLOT_MS } from "./block_store.ts";
export { type ChainOptions, type CommitmentInit, SimulatedChain } from "./chain.ts";
export type { CommitmentData, CommitmentField } from "./commitment.ts";
export { controlHelp } from "./control.ts";
export type { Fault } from "./fault.ts";
export {
  builtinImage,
  type BuiltinOptions,
  imageFromMetadata,
  type RuntimeImage,
} from "./metadata/metadata.ts";
export { type RuntimeVersion, runtimeVersionSchema } from "./metadata/runtime_version.ts";
export { Runtime } from "./runtime.ts";
export type { MetadataVersions } from "./runtime_api.ts";
export { applyScenario, type Scenario, scenarioSchema } from "./scenario.ts";
export { type Simulator, type SimulatorOptions, startSimulator } from "./simulator.ts";
export type { Neuron, NeuronInit } from "./subnet.ts";
export type { Weight, WeightsInit } from "./weights.ts";
