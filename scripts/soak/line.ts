/**
 * Two lines to the same node. At any time at most one of them has a fault, so that every window can be processed.
 *
 * @module
 */

import { CONNECT, type Fault, FaultProxy } from "../../tests/support/fault_proxy.ts";
import { HANDSHAKE_FAULTS, MESSAGE_FAULTS } from "../../tests/support/faults.ts";
import { chosen } from "./plan.ts";

/** The stages of a window at which messages are struck: the jobs' requests, and the notifications of the head. */
const STAGES = [
  "Metadata_metadata_versions",
  "Metadata_metadata_at_version",
  "NeuronInfoRuntimeApi_get_neurons_lite",
  "chain_getBlockHash",
  "chain_getBlockHash#3",
  "chain_getFinalizedHead",
  "chain_getHeader",
  "chain_getHeader#2",
  "chain_newHead",
  "chain_newHead#5",
  "state_getKeysPaged",
  "state_getRuntimeVersion",
  "state_getStorage",
  "state_getStorage#2",
  "state_getStorage#4",
  "state_queryStorageAt",
  "state_queryStorageAt#2",
];
/** The stages of publishing a bid. */
const BID_STAGES = [
  ...STAGES,
  "author_submitAndWatchExtrinsic",
  "author_extrinsicUpdate",
  "author_extrinsicUpdate#2",
  "system_accountNextIndex",
];
/** How long a line that is down stays down. */
const OUTAGE_MS = 20_000;

const OUTAGE: Fault = {
  name: "down for 20 s",
  at: "message",
  strike: ({ proxy }) => proxy.restart(OUTAGE_MS),
};
const FAULTS: readonly Fault[] = [...HANDSHAKE_FAULTS, ...MESSAGE_FAULTS, OUTAGE];

/** Both lines. */
export class Lines implements AsyncDisposable {
  readonly #lines: readonly [FaultProxy, FaultProxy];
  #armed: { readonly line: FaultProxy; readonly fault: Fault } | null = null;
  readonly #struck = new Map<string, number>();

  constructor(nodeUrl: string) {
    this.#lines = [new FaultProxy(nodeUrl), new FaultProxy(nodeUrl)];
  }

  get urls(): readonly string[] {
    return this.#lines.map(({ url }) => url);
  }

  /** How often each fault struck. */
  get struck(): ReadonlyMap<string, number> {
    return this.#struck;
  }

  /** Sets one fault on the line that the agent uses. It strikes when its stage is reached, if that happens. */
  arm(at: "bid" | "auction", faultChoice: number, stageChoice: number): void {
    const line = this.#lines.toSorted((a, b) => b.connectionCount - a.connectionCount)[0]!;
    const fault = chosen(FAULTS, faultChoice);
    line.arm(
      fault,
      fault.at === "handshake" ? CONNECT : chosen(at === "bid" ? BID_STAGES : STAGES, stageChoice),
    );
    this.#armed = { line, fault };
  }

  /** Removes the fault, counts it if it struck, and waits until both lines are good. Returns the fault's name. */
  async calm(): Promise<string | null> {
    if (this.#armed === null) return null;
    const { line, fault } = this.#armed;
    this.#armed = null;
    const hasStruck = line.hasStruck;
    if (hasStruck) this.#struck.set(fault.name, (this.#struck.get(fault.name) ?? 0) + 1);
    line.calm();
    line.endHanging();
    await line.isOpen;
    return hasStruck ? fault.name : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#lines.map((line) => line[Symbol.asyncDispose]()));
  }
}
