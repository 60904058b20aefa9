/**
 * The stages of `--once auction`, seen from outside: from the messages that pass, the log and the result document. So they can be told of
 * any build.
 *
 * @module
 */

import type { Recording, RelayedMessage } from "./recording_relay.ts";

/** The stages in order; together they are the whole run. */
export const STAGES = ["start", "connect", "metadata", "reads", "decode", "solve", "route"] as const;

/** Milliseconds by stage. */
export type StageTimes = Readonly<Record<(typeof STAGES)[number], number>>;

/** What is known of a run. Times are in milliseconds since 1970. */
export interface ObservedRun {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly recording: Recording;
  /** The time of the log line `Auction results computed`. */
  readonly computedAtMs: number;
  /** `solver.duration_ms` of the result document. */
  readonly solveMs: number;
}

/** The questions that read the chain's state. The code's hash and the runtime's calls come before them. */
const STORAGE_QUESTIONS = ["state_getStorage", "state_queryStorageAt", "state_getKeysPaged"];

/**
 * Splits a run into its stages:
 *
 * - start: until the program connects;
 * - connect: until it asks for the metadata, or, where it has them already, until the last answer before it reads the state;
 * - metadata: fetching them, where they are, and preparing them, until the first question for state;
 * - reads: until the node's last answer;
 * - decode: until the outcome is logged, without the solver's own time;
 * - solve: as the result document has it;
 * - route: from there to the program's end.
 *
 * @throws {Error} when the run did not read the state.
 */
export function stagesOf(run: ObservedRun): StageTimes {
  const { connectedAtMs, messages } = run.recording;
  const firstRead = messages.findIndex(({ method }) => method !== null && STORAGE_QUESTIONS.includes(method));
  if (connectedAtMs === null || firstRead < 0) throw new Error("The program did not read the chain's state");
  const before = messages.slice(0, firstRead);
  const metadataAtMs = before.find(asksForMetadata)?.atMs ??
    before.findLast(({ from }) => from === "node")?.atMs ?? connectedAtMs;
  const readAtMs = messages[firstRead]!.atMs;
  const answeredAtMs =
    messages.findLast(({ from, atMs }) => from === "node" && atMs <= run.computedAtMs)!.atMs;
  return {
    start: connectedAtMs - run.startedAtMs,
    connect: metadataAtMs - connectedAtMs,
    metadata: readAtMs - metadataAtMs,
    reads: answeredAtMs - readAtMs,
    decode: run.computedAtMs - answeredAtMs - run.solveMs,
    solve: run.solveMs,
    route: run.endedAtMs - run.computedAtMs,
  };
}

function asksForMetadata({ method, text }: RelayedMessage): boolean {
  return method === "state_getMetadata" ||
    method === "state_call" && JSON.parse(text).params[0] === "Metadata_metadata_at_version";
}
