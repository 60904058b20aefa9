/**
 * The failures of the chain client. Light on purpose: no codec library is loaded for catching an error.
 *
 * @module
 */

/**
 * What went wrong, for callers that decide what to do next.
 *
 * - `unreachable`: no connection, or it was lost; `timeout`: no answer in time; `aborted`: the caller's signal.
 * - `stale-head`: the best head is older than allowed; `wrong-genesis`: another chain answers there.
 * - `no-endpoint`: no endpoint of the list could be used; `attempts` has the reason of each.
 * - `missing-pallet`: the chain's metadata lacks a pallet, storage item, call or runtime API.
 * - `missing-state`: the node does not know the block or no longer has its state.
 * - `rpc`: the node answered a request with an error; `invalid-answer`: with something that cannot be read.
 * - `rejected`: the transaction pool refused the extrinsic; `dropped`: it left the pool without being final.
 * - `dispatch`: it was included and failed; see {@linkcode DispatchError}.
 */
export type ChainErrorKind =
  | "unreachable"
  | "timeout"
  | "aborted"
  | "stale-head"
  | "wrong-genesis"
  | "no-endpoint"
  | "missing-pallet"
  | "missing-state"
  | "rpc"
  | "invalid-answer"
  | "rejected"
  | "dropped"
  | "dispatch";

/** What {@linkcode ChainError} carries beside its message. */
export interface ChainErrorOptions {
  readonly kind: ChainErrorKind;
  /** The URL that was talked to; `null` when the failure is of no single endpoint. */
  readonly endpoint: string | null;
  /** What was asked, such as `state_getKeysPaged`; `null` when nothing was. */
  readonly request?: string | null;
  /** Whether the same job can succeed when it is simply run again. */
  readonly retryable: boolean;
  /** The JSON-RPC error code, for `rpc` and `rejected`. */
  readonly code?: number | null;
  /** For `no-endpoint`: why each endpoint could not be used, in the order of the list. */
  readonly attempts?: readonly ChainError[];
  readonly cause?: unknown;
}

/** A failed chain operation. The message says which endpoint, what was asked, and what to do. */
export class ChainError extends Error {
  override readonly name: string = "ChainError";
  readonly kind: ChainErrorKind;
  readonly endpoint: string | null;
  readonly request: string | null;
  readonly retryable: boolean;
  readonly code: number | null;
  readonly attempts: readonly ChainError[];

  constructor(message: string, options: ChainErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = options.kind;
    this.endpoint = options.endpoint;
    this.request = options.request ?? null;
    this.retryable = options.retryable;
    this.code = options.code ?? null;
    this.attempts = options.attempts ?? [];
  }
}

/** An endpoint that did not do what was asked of it, as plain data. */
export interface EndpointFailure {
  /** As it may be shown. */
  readonly endpoint: string;
  readonly kind: ChainErrorKind;
}

/** Kinds that are nobody's fault, or the bid's, and say nothing about the endpoint. */
const NOT_THE_ENDPOINT: readonly ChainErrorKind[] = ["aborted", "rejected", "dropped", "dispatch"];

/** Which endpoint an error speaks against; `null` when it speaks against none. */
export function endpointFailureOf(error: unknown): EndpointFailure | null {
  if (!(error instanceof ChainError) || error.endpoint === null) return null;
  const { endpoint, kind } = error;
  return NOT_THE_ENDPOINT.includes(kind) ? null : { endpoint, kind };
}

/** What {@linkcode DispatchError} carries. */
export interface DispatchErrorOptions {
  readonly endpoint: string;
  /** The pallet that refused (`Commitments`), or the kind of a system error (`BadOrigin`). */
  readonly pallet: string;
  /** The error's name in the chain's metadata (`AccountNotAllowedCommit`); for system errors that of the detail. */
  readonly errorName: string;
  /** The error's documentation in the chain's metadata; empty when there is none. */
  readonly docs: string;
  readonly extrinsicHash: string;
  readonly blockHash: string;
  readonly blockNumber: number;
}

// What an operator can do about the errors that `set_commitment` is known to give (spec, section 7).
const ADVICE: Readonly<Record<string, { readonly text: string; readonly retryable: boolean }>> = {
  "Commitments.AccountNotAllowedCommit": {
    text: "the hotkey is not registered on this subnet: register it, or check netuid and wallet",
    retryable: false,
  },
  "Commitments.SpaceLimitExceeded": {
    text: "the hotkey has used up its bytes of this epoch: wait for the next epoch and commit less often",
    retryable: true,
  },
  "Commitments.CommitmentSetRateLimitExceeded": {
    text: "this chain limits how often a hotkey may commit: wait for about 100 blocks",
    retryable: true,
  },
  "Commitments.TooManyFieldsInCommitmentInfo": {
    text: "the chain takes fewer fields than were sent: report this as a bug",
    retryable: false,
  },
};

/** An extrinsic that was included in a finalized block and failed there (`System.ExtrinsicFailed`). */
export class DispatchError extends ChainError {
  override readonly name: string = "DispatchError";
  readonly pallet: string;
  readonly errorName: string;
  readonly docs: string;
  readonly extrinsicHash: string;
  readonly blockHash: string;
  readonly blockNumber: number;

  constructor(options: DispatchErrorOptions) {
    const { pallet, errorName, docs, endpoint } = options;
    const advice = ADVICE[`${pallet}.${errorName}`];
    const explained = docs === "" ? "" : ` (${docs})`;
    super(
      `Cannot publish the commitment: the chain refused it with ${pallet}.${errorName}${explained} in block ` +
        `${options.blockNumber}; ${advice?.text ?? "see the chain's documentation of this error"}`,
      { kind: "dispatch", endpoint, request: "set_commitment", retryable: advice?.retryable ?? false },
    );
    this.pallet = pallet;
    this.errorName = errorName;
    this.docs = docs;
    this.extrinsicHash = options.extrinsicHash;
    this.blockHash = options.blockHash;
    this.blockNumber = options.blockNumber;
  }
}
