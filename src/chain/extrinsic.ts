/**
 * Builds and signs `Commitments.set_commitment` (spec, section 7) with the types of the chain's metadata.
 *
 * @module
 */

import type { ApiPromise } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import { findUnknownExtensions } from "@polkadot/types/extrinsic/signedExtensions";
import type { SiLookupTypeId } from "@polkadot/types/interfaces";
import { blake2AsU8a } from "@polkadot/util-crypto";
import { hexOf } from "./codec/hex.ts";
import type { HotkeySigner } from "./wallet/signer.ts";
import type { Runtime } from "./runtime.ts";
import type { BlockRef, SignedExtrinsic } from "./types.ts";

/** The longest text that a `Raw<n>` field can carry, in bytes (spec, section 2). */
export const MAX_COMMITMENT_BYTES = 128;

// About 13 minutes: an extrinsic stuck in a pool expires soon, but a chain that finalizes late still accepts it. No run signs
// while an earlier one waits, so a late extrinsic never overwrites a newer bid.
const MORTAL_PERIOD_BLOCKS = 64;
/** Substrate hashes signing payloads that are longer than this. */
const MAX_PLAIN_PAYLOAD_BYTES = 256;

/** What the signature covers besides the call. */
export interface SigningContext {
  readonly genesisHash: string;
  readonly nonce: number;
  /** The block from which the extrinsic is valid; preferably finalized, so that it stays on the best chain. */
  readonly birth: BlockRef;
}

/**
 * The call `set_commitment(netuid, {fields: [{Raw<n>: data}]})` with n the exact length.
 *
 * @param data At most {@linkcode MAX_COMMITMENT_BYTES} bytes.
 * @throws {RangeError} when `data` is longer.
 * @throws {ChainError} `missing-pallet` when the chain has no such call.
 */
export function buildCommitment(
  runtime: Runtime,
  api: ApiPromise,
  netuid: number,
  data: Uint8Array,
): SubmittableExtrinsic<"promise"> {
  if (data.length > MAX_COMMITMENT_BYTES) {
    throw new RangeError(
      `Cannot publish the commitment: it has ${data.length} bytes; shorten it to at most ${MAX_COMMITMENT_BYTES}`,
    );
  }
  const setCommitment = api.tx["commitments"]?.["setCommitment"];
  if (setCommitment === undefined) throw runtime.missing("call Commitments.set_commitment");
  return setCommitment(netuid, { fields: [{ [`Raw${data.length}`]: hexOf(data) }] });
}

/** Signs with a mortal era. */
export function signExtrinsic(
  api: ApiPromise,
  extrinsic: SubmittableExtrinsic<"promise">,
  signer: HotkeySigner,
  { genesisHash, nonce, birth }: SigningContext,
): SignedExtrinsic {
  const { registry } = api;
  const { specVersion, transactionVersion } = api.runtimeVersion;
  const payload = registry.createType("ExtrinsicPayload", {
    method: extrinsic.method.toHex(),
    era: registry.createType("ExtrinsicEra", { current: birth.number, period: MORTAL_PERIOD_BLOCKS }),
    blockHash: birth.hash,
    genesisHash,
    nonce,
    tip: 0,
    specVersion,
    transactionVersion,
  }, { version: extrinsic.version });
  // Bare: the signed bytes have no length prefix.
  const message = payload.toU8a(true);
  const signature = signer.sign(message.length > MAX_PLAIN_PAYLOAD_BYTES ? blake2AsU8a(message) : message);
  const multiSignature = registry.createType("ExtrinsicSignature", { Sr25519: signature });
  extrinsic.addSignature(signer.address, multiSignature.toU8a(), payload.toU8a());
  return { hex: extrinsic.toHex(), hash: hexOf(blake2AsU8a(extrinsic.toU8a())) };
}

/**
 * The chain's transaction extensions that @polkadot/types does not know and that are not empty: it encodes them as empty, so
 * signatures would be invalid.
 *
 * @returns their names in the metadata.
 */
export function unknownExtensions({ registry, runtimeMetadata: metadata }: ApiPromise): string[] {
  const unknown = new Set(findUnknownExtensions(registry.signedExtensions));
  const isEmpty = (type: SiLookupTypeId): boolean =>
    registry.createTypeUnsafe(registry.createLookupType(type), []).encodedLength === 0;
  // @polkadot/types drops `additionalSigned` when it converts metadata: read the original version.
  const { signedExtensions } = (metadata.version === 14 ? metadata.asV14 : metadata.asV15).extrinsic;
  return signedExtensions
    .filter(({ identifier, type, additionalSigned }) =>
      unknown.has(identifier.toString()) && !(isEmpty(type) && isEmpty(additionalSigned))
    )
    .map(({ identifier }) => identifier.toString());
}
