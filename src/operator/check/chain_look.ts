/**
 * Looks at wallet and chain for `ih-miner check`. It runs in a worker, like the jobs, and returns plain data.
 *
 * @module
 */

import { connectChain } from "../../chain/connection.ts";
import { endpointLabel } from "../../chain/networks.ts";
import type { ChainConnection } from "../../chain/types.ts";
import { WalletError, type WalletErrorKind } from "../../chain/wallet/errors.ts";
import { openHotkeySigner, readHotkeyAddress } from "../../chain/wallet/signer.ts";
import { asError } from "../../lib/errors.ts";

/** Input of {@link lookAtChain}. */
export interface ChainLookInput {
  readonly hotkeyPath: string;
  /** URLs; each is tried. */
  readonly endpoints: readonly string[];
  /** `undefined` for unknown chains. */
  readonly expectedGenesisHash: string | undefined;
  readonly netuid: number;
}

/** Result of {@link lookAtChain}. */
export interface ChainLook {
  readonly wallet: WalletLook;
  readonly endpoints: readonly EndpointLook[];
  /** From the first usable endpoint; `null` without one or without an address. */
  readonly registration: { readonly uid: number | null } | null;
}

/** The hotkey's file: its address, or why it is unusable. */
export type WalletLook =
  | { readonly address: string; readonly canSign: boolean }
  | { readonly address: null; readonly kind: WalletErrorKind; readonly error: string };

/** One endpoint: its head, or why it is unusable. */
export type EndpointLook =
  | {
    /** Without access keys. */
    readonly endpoint: string;
    readonly spec: string;
    readonly headNumber: number;
    /** By this host's clock, negative for a head in the future; `null` without `Timestamp.Now`. */
    readonly headAgeSeconds: number | null;
    readonly connectMs: number;
  }
  | { readonly endpoint: string; readonly error: string };

/** Leaves time for the endpoints after one that hangs. */
const LARGE_ANSWER_TIMEOUT_MS = 30_000;

/** Looks at wallet and all endpoints; failures are part of the result. */
export async function lookAtChain(
  { hotkeyPath, endpoints, expectedGenesisHash, netuid }: ChainLookInput,
  step: (step: string) => void,
): Promise<ChainLook> {
  step("reading the hotkey");
  const wallet = await lookAtWallet(hotkeyPath);
  const looks: EndpointLook[] = [];
  let registration: ChainLook["registration"] = null;
  for (const endpoint of endpoints) {
    const label = endpointLabel(endpoint);
    step(`asking ${label}`);
    const startedMs = performance.now();
    try {
      await using chain = await connectChain({
        endpoints: [endpoint],
        expectedGenesisHash,
        nowMs: Date.now,
        largeRequestTimeoutMs: LARGE_ANSWER_TIMEOUT_MS,
      });
      const connectMs = performance.now() - startedMs;
      const head = await chain.bestHead();
      looks.push({
        endpoint: label,
        spec: `${chain.specName}/${chain.specVersion}`,
        headNumber: head.number,
        headAgeSeconds: chain.headAgeSeconds,
        connectMs,
      });
      registration ??= await lookAtRegistration(chain, netuid, wallet.address, head.hash);
    } catch (error) {
      looks.push({ endpoint: label, error: asError(error).message });
    }
  }
  return { wallet, endpoints: looks, registration };
}

async function lookAtWallet(hotkeyPath: string): Promise<WalletLook> {
  try {
    using signer = await openHotkeySigner(hotkeyPath);
    return { address: signer.address, canSign: true };
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    if (error.kind !== "no-secret") return { address: null, kind: error.kind, error: error.message };
    return { address: await readHotkeyAddress(hotkeyPath), canSign: false };
  }
}

async function lookAtRegistration(
  chain: ChainConnection,
  netuid: number,
  address: string | null,
  atHash: string,
): Promise<ChainLook["registration"]> {
  return address === null ? null : { uid: await chain.registeredUid(netuid, address, atHash) };
}
