/**
 * A look at wallet and chain for `ih-miner check`. It runs in a worker, as the jobs do, and answers plain data.
 *
 * @module
 */

import { connectChain } from "../../chain/connection.ts";
import { endpointLabel } from "../../chain/networks.ts";
import type { ChainConnection } from "../../chain/types.ts";
import { WalletError, type WalletErrorKind } from "../../chain/wallet/errors.ts";
import { openHotkeySigner, readHotkeyAddress } from "../../chain/wallet/signer.ts";
import { asError } from "../../lib/errors.ts";

/** What to look at. */
export interface ChainLookInput {
  readonly hotkeyPath: string;
  /** URLs; each is tried. */
  readonly endpoints: readonly string[];
  /** `undefined` for chains that are not known. */
  readonly expectedGenesisHash: string | undefined;
  readonly netuid: number;
}

/** What was seen. */
export interface ChainLook {
  readonly wallet: WalletLook;
  readonly endpoints: readonly EndpointLook[];
  /** From the first endpoint that answers; `null` without one, or without an address. */
  readonly registration: { readonly uid: number | null } | null;
}

/** The hotkey's file. */
export type WalletLook =
  | { readonly address: string; readonly canSign: boolean }
  | { readonly address: null; readonly kind: WalletErrorKind; readonly error: string };

/** One endpoint. */
export type EndpointLook =
  | {
    /** Without access keys. */
    readonly endpoint: string;
    readonly spec: string;
    readonly headNumber: number;
    /** By this host's clock; negative when the head is in its future; `null` when the chain tells no time. */
    readonly headAgeSeconds: number | null;
    /** How long connecting took. */
    readonly connectMs: number;
  }
  | { readonly endpoint: string; readonly error: string };

/** Looks at everything; what cannot be reached is part of the answer. */
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
      await using chain = await connectChain({ endpoints: [endpoint], expectedGenesisHash, nowMs: Date.now });
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
    return { address: (await openHotkeySigner(hotkeyPath)).address, canSign: true };
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
