/**
 * Submits a signed extrinsic, follows it to its finalized block, and reads its result there.
 *
 * @module
 */

import { cutText } from "../lib/cut_text.ts";
import { headerNumber } from "./block_header.ts";
import { ChainError, type ChainErrorKind, DispatchError } from "./errors.ts";
import { invalidAnswer, type JsonRpcConnection } from "./json_rpc.ts";
import type { Runtime } from "./runtime.ts";
import { entryOf, listOf, Variant } from "./codec/scale.ts";
import { decodeAnswer, readValue } from "./storage.ts";
import type { SignedExtrinsic, SubmittedCommitment } from "./types.ts";

const SUBMIT = "author_submitAndWatchExtrinsic";
const UNWATCH = "author_unwatchExtrinsic";

/** Options of {@linkcode waitForFinalization}. */
export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStatus?: ((status: string) => void) | undefined;
}

/**
 * Submits the extrinsic and waits until its block is final.
 *
 * @returns the hash of that block.
 * @throws {ChainError} `rejected` if the pool refuses it, `dropped` if it leaves the pool, `timeout`, `aborted`, or
 *   `unreachable` if the connection is lost.
 */
export async function waitForFinalization(
  rpc: JsonRpcConnection,
  extrinsic: SignedExtrinsic,
  { timeoutMs, signal, onStatus }: WaitOptions,
): Promise<string> {
  const finalized = Promise.withResolvers<string>();
  // It may reject before it is awaited.
  finalized.promise.catch(() => {});
  let lastStatus = "submitted";
  const fail = (kind: ChainErrorKind, what: string): void =>
    finalized.reject(
      new ChainError(
        `Cannot publish the commitment: ${what} (extrinsic ${extrinsic.hash}, last status ${lastStatus}, ` +
          `${rpc.endpoint}); the next run publishes it again unless it has reached the chain by then`,
        { kind, endpoint: rpc.endpoint, request: SUBMIT, retryable: true },
      ),
    );
  const subscription = await rpc.subscribe(SUBMIT, UNWATCH, [extrinsic.hex], {
    onMessage: (result) => {
      const { status, detail } = parseStatus(result);
      onStatus?.(status);
      const ending = Object.hasOwn(ENDINGS, status) ? ENDINGS[status] : undefined;
      if (status === "finalized" && typeof detail === "string") finalized.resolve(detail);
      else if (ending !== undefined) fail(ending.kind, ending.text);
      lastStatus = status;
    },
    onEnd: (error) => fail(error.kind, `the connection ended while waiting: ${error.message}`),
  }).catch((error) => {
    if (!(error instanceof ChainError)) throw error;
    if (error.kind === "rpc") throw rejectedError(rpc, error);
    fail(error.kind, `the node did not confirm its receipt: ${error.message}`);
  });
  const timer = setTimeout(() => fail("timeout", `it was not final within ${timeoutMs} ms`), timeoutMs);
  const onAbort = (): void => fail("aborted", "the job was stopped while waiting");
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await finalized.promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    subscription?.unsubscribe();
  }
}

/**
 * Reads the result of an extrinsic in its block.
 *
 * @param runtime the runtime of that block.
 * @throws {DispatchError} if it failed there.
 * @throws {ChainError} `invalid-answer` if it is missing from the block or its events.
 */
export async function readOutcome(
  rpc: JsonRpcConnection,
  runtime: Runtime,
  extrinsic: SignedExtrinsic,
  blockHash: string,
): Promise<SubmittedCommitment> {
  const events = runtime.storage("System", "Events");
  const [{ blockNumber, index }, eventBytes] = await Promise.all([
    locateExtrinsic(rpc, extrinsic, blockHash),
    readValue(rpc, events.key(), blockHash),
  ]);
  const outcome = decodeAnswer(
    rpc,
    "System.Events",
    () => outcomeOf(index, listOf(events.decode(eventBytes ?? new Uint8Array([0])))),
  );
  if (outcome === undefined) {
    throw invalidAnswer(
      rpc.endpoint,
      "System.Events",
      `block ${blockHash} has no result of extrinsic ${index}`,
    );
  }
  const located = { extrinsicHash: extrinsic.hash, blockHash, blockNumber };
  if (outcome.name === "ExtrinsicSuccess") return located;
  const description = decodeAnswer(
    rpc,
    "System.ExtrinsicFailed",
    () => describeDispatchError(runtime, entryOf(outcome.value, "dispatch_error")),
  );
  throw new DispatchError({ endpoint: rpc.endpoint, ...description, ...located });
}

/** The event of the pallet System that tells how the block's extrinsic with this index ended. */
function outcomeOf(index: number, events: readonly unknown[]): Variant | undefined {
  for (const record of events) {
    const [phase, event] = [entryOf(record, "phase"), entryOf(record, "event")];
    if (!(phase instanceof Variant && phase.name === "ApplyExtrinsic" && phase.value === index)) continue;
    if (!(event instanceof Variant && event.name === "System" && event.value instanceof Variant)) continue;
    if (["ExtrinsicSuccess", "ExtrinsicFailed"].includes(event.value.name)) return event.value;
  }
  return undefined;
}

// The final statuses other than `finalized`. `retracted` is not final: its block lost a fork, and it waits for another.
const ENDINGS: Readonly<Record<string, { readonly kind: ChainErrorKind; readonly text: string }>> = {
  usurped: { kind: "dropped", text: "another extrinsic of this hotkey with the same nonce replaced it" },
  dropped: { kind: "dropped", text: "the node's transaction pool is full and dropped it" },
  invalid: { kind: "dropped", text: "it became invalid: its nonce is used or its era is over" },
  finalityTimeout: { kind: "timeout", text: "its block was not finalized in the time the node allows" },
};

function parseStatus(result: unknown): { status: string; detail: unknown } {
  if (typeof result === "string") return { status: cutText(result), detail: null };
  const [entry] = typeof result === "object" && result !== null ? Object.entries(result) : [];
  return { status: cutText(entry?.[0] ?? "unknown"), detail: entry?.[1] ?? null };
}

// Codes of Substrate's author RPC (sc-rpc-api, author/error.rs).
const REJECTIONS: Readonly<Record<number, string>> = {
  1010:
    "the transaction is invalid, perhaps because its nonce was just used or the runtime was upgraded, which the " +
    "next run resolves",
  1011: "the node cannot determine its validity",
  1012: "the same extrinsic is temporarily banned",
  1013: "the same extrinsic is already in the pool",
  1014: "another extrinsic with the same nonce is already in the pool",
  1016: "the pool is full",
};

function rejectedError(rpc: JsonRpcConnection, error: ChainError): ChainError {
  const hint = error.code === null ? undefined : REJECTIONS[error.code];
  return new ChainError(
    `Cannot publish the commitment: the node refused the extrinsic${
      hint === undefined ? "" : `, ${hint}`
    }. ` +
      error.message,
    {
      kind: "rejected",
      endpoint: rpc.endpoint,
      request: SUBMIT,
      retryable: true,
      code: error.code,
      cause: error,
    },
  );
}

async function locateExtrinsic(
  rpc: JsonRpcConnection,
  extrinsic: SignedExtrinsic,
  blockHash: string,
): Promise<{ blockNumber: number; index: number }> {
  const method = "chain_getBlock";
  const answer = await rpc.request(method, [blockHash]) as
    | { block?: { header?: unknown; extrinsics?: unknown } }
    | null;
  const blockNumber = headerNumber(answer?.block?.header);
  const extrinsics = answer?.block?.extrinsics;
  if (blockNumber === null || !Array.isArray(extrinsics)) {
    throw invalidAnswer(rpc.endpoint, method, `block ${blockHash} has no number or no extrinsics`);
  }
  const index = extrinsics.findIndex((hex) => typeof hex === "string" && hex.toLowerCase() === extrinsic.hex);
  if (index < 0) {
    throw invalidAnswer(rpc.endpoint, method, `block ${blockHash} lacks extrinsic ${extrinsic.hash}`);
  }
  return { blockNumber, index };
}

function describeDispatchError(
  runtime: Runtime,
  error: unknown,
): { pallet: string; errorName: string; docs: string } {
  if (!(error instanceof Variant)) throw new TypeError("The event has no error");
  const { name, value } = error;
  const inner = value instanceof Variant ? value : null;
  if (name !== "Module") return { pallet: name, errorName: inner?.name ?? name, docs: "" };
  // The lookup reads the numbers of pallet and error as the names of both.
  if (!(inner?.value instanceof Variant)) throw new TypeError("The event's error has no name");
  const errorName = inner.value.name;
  return { pallet: inner.name, errorName, docs: runtime.errorDocs(inner.name, errorName) };
}
