/**
 * What a signed extrinsic does to the state: `Commitments.set_commitment` as the real pallet does it, `System.remark`
 * (nothing), and a dispatch error for every other call.
 *
 * @module
 */

import type { Codec } from "@polkadot/types/types";
import { fieldSize } from "./commitment.ts";
import type { SignedExtrinsic } from "./extrinsic.ts";
import type { Runtime, RuntimeEvent } from "./runtime.ts";
import type { StateDraft } from "./state_draft.ts";

/** The least that a commitment counts towards the space limit, in bytes. */
const MIN_COMMITMENT_SPACE = 100;

/** A dispatch error of a pallet, by name. */
class DispatchError extends Error {
  override readonly name = "DispatchError";
  readonly pallet: string;
  readonly error: string;

  constructor(pallet: string, error: string) {
    super(`${pallet}.${error}`);
    this.pallet = pallet;
    this.error = error;
  }
}

type EventBody = Omit<RuntimeEvent, "extrinsicIndex">;

/** The account's nonce: the next one that is taken. */
export function accountNonce(draft: StateDraft, account: Uint8Array): number {
  return numberOf(struct(draft.get("System", "Account", account)).get("nonce"));
}

/**
 * Applies a verified extrinsic: the nonce is used up and the call is dispatched, whether it succeeds or not.
 *
 * @returns the events, in order.
 */
export function applyExtrinsic(
  runtime: Runtime,
  draft: StateDraft,
  extrinsic: SignedExtrinsic,
  blockNumber: number,
): readonly EventBody[] {
  const account = struct(draft.get("System", "Account", extrinsic.signer));
  draft.put(
    { ...Object.fromEntries(account), nonce: extrinsic.nonce + 1 },
    "System",
    "Account",
    extrinsic.signer,
  );
  try {
    return [...dispatch(runtime, draft, extrinsic, blockNumber), {
      pallet: "System",
      name: "ExtrinsicSuccess",
      values: [DISPATCH_INFO],
    }];
  } catch (error) {
    if (!(error instanceof DispatchError)) throw error;
    const value = runtime.moduleError(error.pallet, error.error);
    return [{ pallet: "System", name: "ExtrinsicFailed", values: [value, DISPATCH_INFO] }];
  }
}

/** Weight of a small call; `set_commitment` is free. */
const DISPATCH_INFO = {
  weight: { refTime: 33_000_000, proofSize: 2_000 },
  class: "Normal",
  paysFee: "No",
} as const;

/** The event of the timestamp inherent. */
export const INHERENT_SUCCESS: EventBody = {
  pallet: "System",
  name: "ExtrinsicSuccess",
  values: [{ ...DISPATCH_INFO, class: "Mandatory", paysFee: "Yes" }],
};

function dispatch(
  runtime: Runtime,
  draft: StateDraft,
  { call, signer }: SignedExtrinsic,
  blockNumber: number,
): readonly EventBody[] {
  switch (`${call.pallet}.${call.name}`) {
    case "Commitments.set_commitment":
      return setCommitment(runtime, draft, signer, call.args, blockNumber);
    case "System.remark":
      return [];
    default:
      throw new DispatchError("System", "CallFiltered");
  }
}

function setCommitment(
  runtime: Runtime,
  draft: StateDraft,
  who: Uint8Array,
  args: readonly Codec[],
  block: number,
): readonly EventBody[] {
  const netuid = numberOf(args[0]);
  const info = struct(args[1] ?? null);
  const fields = info.get("fields") as unknown as readonly {
    readonly type: string;
    readonly inner: unknown;
  }[];
  if (!draft.has("SubtensorModule", "Uids", netuid, who)) {
    throw new DispatchError("Commitments", "AccountNotAllowedCommit");
  }
  const size = fields.reduce((sum, field) => sum + fieldSize(field), 0);
  // Older runtimes have a rate limit in its place.
  if (runtime.hasStorage("Commitments", "UsedSpaceOf")) {
    useSpace(draft, netuid, who, Math.max(MIN_COMMITMENT_SPACE, size), block);
  }
  draft.put({ deposit: 0, block, info }, "Commitments", "CommitmentOf", netuid, who);
  draft.putIfKnown(block, "Commitments", "LastCommitment", netuid, who);
  const timelocked = fields.find((field) => field.type === "TimelockEncrypted");
  if (timelocked === undefined) return [{ pallet: "Commitments", name: "Commitment", values: [netuid, who] }];
  const revealRound = struct(timelocked.inner as Codec).get("revealRound");
  return [{ pallet: "Commitments", name: "TimelockCommitment", values: [netuid, who, revealRound] }];
}

function useSpace(draft: StateDraft, netuid: number, who: Uint8Array, space: number, block: number): void {
  const tempo = numberOf(draft.get("SubtensorModule", "Tempo", netuid));
  const epoch = Math.floor((block + netuid + 1) / (tempo + 1));
  const usage = draft.get("Commitments", "UsedSpaceOf", netuid, who);
  const used = usage !== null && numberOf(struct(usage).get("lastEpoch")) === epoch
    ? numberOf(struct(usage).get("usedSpace"))
    : 0;
  if (used + space > numberOf(draft.get("Commitments", "MaxSpace"))) {
    throw new DispatchError("Commitments", "SpaceLimitExceeded");
  }
  draft.put({ lastEpoch: epoch, usedSpace: used + space }, "Commitments", "UsedSpaceOf", netuid, who);
}

function struct(codec: Codec | null): Map<string, Codec> {
  return codec as unknown as Map<string, Codec>;
}

function numberOf(codec: Codec | null | undefined): number {
  return Number(codec);
}
