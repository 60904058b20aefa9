/**
 * Signed extrinsics, version 4: decoding by the served metadata, and verification of the signature over the real
 * signing payload (chain.md, "Extrinsic, version 4").
 *
 * @module
 */

import { compactFromU8aLim, compactToU8a, u8aConcat, u8aToHex } from "@polkadot/util";
import { blake2AsHex, blake2AsU8a, ed25519Verify, sr25519Verify } from "@polkadot/util-crypto";
import type { Runtime, RuntimeCall } from "./runtime.ts";
import { asError } from "../lib/errors.ts";

/** When an extrinsic is valid: always, or for `period` blocks from a phase of the block number. */
export type Era = { readonly period: number; readonly phase: number } | null;

/** A decoded signed extrinsic. */
export interface SignedExtrinsic {
  readonly bytes: Uint8Array;
  /** blake2-256 of the bytes, `0x` hex. */
  readonly hash: string;
  /** The signer's public key. */
  readonly signer: Uint8Array;
  readonly signature: Uint8Array;
  /** `Sr25519`, `Ed25519`, `Ecdsa`. */
  readonly signatureKind: string;
  readonly era: Era;
  readonly nonce: number;
  readonly call: RuntimeCall;
  /** Call and extensions as sent: the beginning of the signing payload. */
  readonly signedPart: Uint8Array;
}

/** The extrinsic is not of a form that the runtime decodes. */
export class ExtrinsicFormatError extends Error {
  override readonly name = "ExtrinsicFormatError";
}

/** The extrinsic is well-formed but has no signature. */
export class UnsignedExtrinsicError extends Error {
  override readonly name = "UnsignedExtrinsicError";
}

const SIGNED_V4 = 0x84;
const BARE_V4 = 0x04;

/**
 * Decodes a signed extrinsic.
 *
 * @throws {ExtrinsicFormatError} when it cannot be decoded.
 * @throws {UnsignedExtrinsicError} when it is not signed.
 */
export function decodeExtrinsic(runtime: Runtime, bytes: Uint8Array): SignedExtrinsic {
  try {
    const [prefix, length] = compactFromU8aLim(bytes);
    if (prefix + length !== bytes.length) {
      throw new ExtrinsicFormatError(`its length says ${length} bytes, it has ${bytes.length - prefix}`);
    }
    if (bytes[prefix] === BARE_V4) throw new UnsignedExtrinsicError("the extrinsic is not signed");
    if (bytes[prefix] !== SIGNED_V4) {
      throw new ExtrinsicFormatError(`its version byte is ${bytes[prefix]}; only signed version 4 is taken`);
    }
    let offset = prefix + 1;
    const take = (type: number): { type: string; inner: { toU8a(): Uint8Array } } => {
      const value = runtime.decode(type, bytes.subarray(offset));
      offset += value.encodedLength;
      return value as unknown as { type: string; inner: { toU8a(): Uint8Array } };
    };
    const address = take(runtime.extrinsicTypes.address);
    if (address.type !== "Id") {
      throw new ExtrinsicFormatError(`its address is ${address.type}; only Id is taken`);
    }
    const signature = take(runtime.extrinsicTypes.signature);
    const extensionsStart = offset;
    let era: Era = null;
    let nonce = 0;
    for (const { identifier, type } of runtime.signedExtensions) {
      const start = offset;
      take(type);
      const encoded = bytes.subarray(start, offset);
      if (identifier === "CheckMortality" || identifier === "CheckEra") era = decodeEra(encoded);
      if (identifier === "CheckNonce") nonce = compactFromU8aLim(encoded)[1];
    }
    const callBytes = bytes.subarray(offset);
    const call = runtime.decodeCall(callBytes);
    requireBounds(runtime, call);
    return {
      bytes,
      hash: blake2AsHex(bytes, 256),
      signer: address.inner.toU8a(),
      signature: signature.inner.toU8a(),
      signatureKind: signature.type,
      era,
      nonce,
      call,
      signedPart: u8aConcat(callBytes, bytes.subarray(extensionsStart, offset)),
    };
  } catch (error) {
    if (error instanceof ExtrinsicFormatError || error instanceof UnsignedExtrinsicError) throw error;
    throw new ExtrinsicFormatError(asError(error).message);
  }
}

/** The runtime's `BoundedVec` does not decode more than `MaxFields` fields; metadata does not know that bound. */
function requireBounds(runtime: Runtime, call: RuntimeCall): void {
  if (call.pallet !== "Commitments" || call.name !== "set_commitment") return;
  const info = call.args[1] as unknown as Map<string, { readonly length: number }>;
  const count = info.get("fields")?.length ?? 0;
  const most = runtime.constant("Commitments", "MaxFields", 3);
  if (count > most) {
    throw new ExtrinsicFormatError(`BoundedVec exceeds its limit: ${count} fields of ${most}`);
  }
}

function decodeEra(encoded: Uint8Array): Era {
  const [low = 0, high = 0] = encoded;
  if (low === 0) return null;
  const value = low | (high << 8);
  const period = 2 << (value & 0b1111);
  const quantizeFactor = Math.max(period >> 12, 1);
  return { period, phase: (value >> 4) * quantizeFactor };
}

/** The block whose hash a mortal extrinsic signs, seen from block `current` (`sp_runtime`'s `Era::birth`). */
export function eraBirth(era: Era, current: number): number {
  if (era === null) return 0;
  return Math.floor((Math.max(current, era.phase) - era.phase) / era.period) * era.period + era.phase;
}

/** What the signed extensions add to the payload without sending it. */
export interface ImplicitData {
  readonly genesisHash: Uint8Array;
  /** Hash of the era's first block; the genesis hash for an immortal extrinsic. */
  readonly birthHash: Uint8Array;
}

/** Whether the signature is the signer's, over this chain's payload. */
export function verifySignature(
  runtime: Runtime,
  extrinsic: SignedExtrinsic,
  implicit: ImplicitData,
): boolean {
  const additional = runtime.signedExtensions.map(({ identifier, additionalSigned }) => {
    switch (identifier) {
      case "CheckSpecVersion":
        return runtime.encode(additionalSigned, runtime.version.specVersion);
      case "CheckTxVersion":
        return runtime.encode(additionalSigned, runtime.version.transactionVersion);
      case "CheckGenesis":
        return implicit.genesisHash;
      case "CheckMortality":
      case "CheckEra":
        return implicit.birthHash;
      default:
        return runtime.encode(additionalSigned);
    }
  });
  const payload = u8aConcat(extrinsic.signedPart, ...additional);
  const message = payload.length > 256 ? blake2AsU8a(payload, 256) : payload;
  try {
    switch (extrinsic.signatureKind) {
      case "Sr25519":
        return sr25519Verify(message, extrinsic.signature, extrinsic.signer);
      case "Ed25519":
        return ed25519Verify(message, extrinsic.signature, extrinsic.signer);
      default:
        return false;
    }
  } catch {
    // The verifiers throw on bytes that are no point of the curve.
    return false;
  }
}

/** The timestamp inherent that begins every block. */
export function timestampInherent(runtime: Runtime, timestampMs: number): string {
  const body = u8aConcat([BARE_V4], runtime.encodeCall("Timestamp", "set", [timestampMs]));
  return u8aToHex(u8aConcat(compactToU8a(body.length), body));
}
