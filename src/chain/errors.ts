/**
 * The errors of the chain client, in a module of their own so that catching one does not load the codec library.
 *
 * @module
 */

import { HEDGE_AFTER_MS } from "./hedge.ts";

/**
 * The kinds of failure, by which callers decide what to do next.
 *
 * - `unreachable`: no connection, or it was lost; `timeout`: no answer in time; `aborted`: the caller's signal.
 * - `stale-head`: the best head is older than allowed; `wrong-genesis`: the endpoint serves another chain.
 * - `no-endpoint`: no endpoint of the list is usable; the message has the reason of each.
 * - `missing-pallet`: the chain's metadata lacks a pallet, storage item, call or runtime API.
 * - `missing-state`: the node does not know the block or no longer has its state.
 * - `rpc`: the node answered with an error; `invalid-answer`: with something unreadable.
 * - `rejected`: the transaction pool refused the extrinsic; `dropped`: it left the pool before finalization.
 * - `pending`: an earlier extrinsic of the hotkey still waits in the pool.
 * - `dispatch`: it was included and failed; see {@linkcode DispatchError}.
 */
export const CHAIN_ERROR_KINDS = [
  "unreachable",
  "timeout",
  "aborted",
  "stale-head",
  "wrong-genesis",
  "no-endpoint",
  "missing-pallet",
  "missing-state",
  "rpc",
  "invalid-answer",
  "rejected",
  "dropped",
  "pending",
  "dispatch",
] as const;
/** One of {@linkcode CHAIN_ERROR_KINDS}. */
export type ChainErrorKind = (typeof CHAIN_ERROR_KINDS)[number];

/** The data of a {@linkcode ChainError}. */
export interface ChainErrorOptions {
  readonly kind: ChainErrorKind;
  /** The label of the endpoint; `null` if the failure concerns no single endpoint. */
  readonly endpoint: string | null;
  /** The request, such as `state_getKeysPaged`; `null` without one. */
  readonly request?: string | null;
  /** Whether the same job may succeed when it is run again. */
  readonly retryable: boolean;
  /** The JSON-RPC error code, for `rpc` and `rejected`. */
  readonly code?: number | null;
  /** The first block in which a retry can succeed. @default null: at once */
  readonly notBeforeBlock?: number | null;
  readonly cause?: unknown;
}

/** A chain operation failed. The message names the endpoint, the request and the remedy. */
export class ChainError extends Error {
  override readonly name: string = "ChainError";
  readonly kind: ChainErrorKind;
  readonly endpoint: string | null;
  readonly request: string | null;
  readonly retryable: boolean;
  readonly code: number | null;
  readonly notBeforeBlock: number | null;

  constructor(
    message: string,
    { kind, endpoint, request = null, retryable, code = null, notBeforeBlock = null, cause }:
      ChainErrorOptions,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.endpoint = endpoint;
    this.request = request;
    this.retryable = retryable;
    this.code = code;
    this.notBeforeBlock = notBeforeBlock;
  }
}

/** The error of an endpoint that another one has overtaken. */
export function slowError(endpoint: string): ChainError {
  return new ChainError(
    `Cannot wait for ${endpoint}: it did not answer within ${HEDGE_AFTER_MS} ms, and another endpoint did; ` +
      "check that node and the line to it",
    { kind: "timeout", endpoint, retryable: true },
  );
}

/** The failure of an endpoint, as plain data. */
export interface EndpointFailure {
  /** Without access keys. */
  readonly endpoint: string;
  readonly kind: ChainErrorKind;
}

/** Kinds that do not count against the endpoint. */
const NOT_THE_ENDPOINT: readonly ChainErrorKind[] = ["aborted", "rejected", "dropped", "pending", "dispatch"];

/** The endpoint failure that an error shows; `null` if it shows none. */
export function endpointFailureOf(error: unknown): EndpointFailure | null {
  if (!(error instanceof ChainError) || error.endpoint === null) return null;
  const { endpoint, kind } = error;
  return NOT_THE_ENDPOINT.includes(kind) ? null : { endpoint, kind };
}

/** The details of a {@linkcode DispatchError}. */
export interface DispatchDetails {
  readonly endpoint: string;
  /** The pallet that refused (`Commitments`), or the kind of a system error (`BadOrigin`). */
  readonly pallet: string;
  /** The error's name in the metadata (`AccountNotAllowedCommit`), or the detail of a system error. */
  readonly errorName: string;
  /** The error's documentation in the metadata, if any. */
  readonly docs: string;
  readonly extrinsicHash: string;
  readonly blockHash: string;
  readonly blockNumber: number;
}

// The remedies for the known errors of `set_commitment` (spec, section 7).
const ADVICE: Readonly<Record<string, { readonly text: string; readonly retryable: boolean }>> = {
  "Commitments.AccountNotAllowedCommit": {
    text: "the hotkey is not registered on this subnet: register it, or check netuid and wallet",
    retryable: false,
  },
  "Commitments.SpaceLimitExceeded": {
    text: "the hotkey has used up its bytes of this epoch: commit less often, and wait for the next epoch",
    retryable: true,
  },
  "Commitments.CommitmentSetRateLimitExceeded": {
    text: "this chain limits how often a hotkey may commit: wait about 100 blocks",
    retryable: true,
  },
  "Commitments.TooManyFieldsInCommitmentInfo": {
    text: "the chain accepts fewer fields than were sent: report this as a bug",
    retryable: false,
  },
};

/** An extrinsic that was included in a finalized block and failed there (`System.ExtrinsicFailed`). */
export class DispatchError extends ChainError {
  override readonly name: string = "DispatchError";

  /** @param notBeforeBlock the first block in which a retry can succeed, if that is known. */
  constructor(readonly details: DispatchDetails, notBeforeBlock: number | null = null) {
    const { pallet, errorName, docs, endpoint, blockNumber } = details;
    const advice = ADVICE[`${pallet}.${errorName}`];
    const explained = docs === "" ? "" : ` (${docs})`;
    super(
      `Cannot publish the commitment: the chain refused it with ${pallet}.${errorName}${explained} in block ` +
        `${blockNumber}; ${advice?.text ?? "see the chain's documentation of this error"}` +
        (notBeforeBlock === null ? "" : ` (it begins at block ${notBeforeBlock})`),
      {
        kind: "dispatch",
        endpoint,
        request: "set_commitment",
        retryable: advice?.retryable ?? false,
        notBeforeBlock,
      },
    );
  }
}
