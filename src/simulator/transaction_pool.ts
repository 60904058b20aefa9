/**
 * The transaction pool: what is refused at submission and how (JSON-RPC errors of a real node), what is ready for
 * the next block, and the status of each watched extrinsic.
 *
 * @module
 */

import type { Block } from "./block.ts";
import { accountNonce } from "./dispatch.ts";
import {
  decodeExtrinsic,
  eraBirth,
  ExtrinsicFormatError,
  type SignedExtrinsic,
  UnsignedExtrinsicError,
  verifySignature,
} from "./extrinsic.ts";
import type { Runtime } from "./runtime.ts";
import { RpcError } from "./rpc_error.ts";
import { StateDraft } from "./state_draft.ts";
import { hexToU8a, u8aToHex } from "@polkadot/util";

/** The status of a watched extrinsic, as `author_extrinsicUpdate` carries it. */
export type ExtrinsicStatus =
  | "future"
  | "ready"
  | "dropped"
  | "invalid"
  | { readonly inBlock: string }
  | { readonly retracted: string }
  | { readonly usurped: string }
  | { readonly finalized: string };

/** Hears of each status; the last ones are `finalized`, `dropped`, `invalid` and `usurped`. */
export type ExtrinsicWatcher = (status: ExtrinsicStatus) => void;

/** What the pool asks of the chain. */
export interface PoolChain {
  readonly runtime: Runtime;
  readonly head: Block;
  readonly genesisHash: string;
  /** The hash of a block at or below the head, `null` when there is none. */
  blockHash(number: number): string | null;
}

interface Entry {
  readonly extrinsic: SignedExtrinsic;
  readonly watcher: ExtrinsicWatcher | null;
  /** Number and hash of the block it is in; `null` while it waits. */
  block: { readonly number: number; readonly hash: string } | null;
}

/** How many block hashes the runtime remembers for mortality. */
const BLOCK_HASH_COUNT = 2_400;

/** The extrinsics between submission and finality. */
export class TransactionPool {
  readonly #chain: PoolChain;
  readonly #entries = new Map<string, Entry>();
  #isHeld = false;

  constructor(chain: PoolChain) {
    this.#chain = chain;
  }

  /** How many extrinsics wait for a block. */
  get pendingCount(): number {
    return this.#pending().length;
  }

  /** The extrinsics that wait for a block, `0x` hex (`author_pendingExtrinsics`). */
  get pending(): readonly string[] {
    return this.#pending().map(({ extrinsic }) => u8aToHex(extrinsic.bytes));
  }

  /**
   * Takes an extrinsic in.
   *
   * @returns its hash.
   * @throws {RpcError} as a real node refuses it: 1002 undecodable, 1010 stale, bad signature or ancient birth
   *   block, 1011 unsigned, 1013 already there, 1014 another one with its nonce there.
   */
  submit(bytes: Uint8Array, watcher: ExtrinsicWatcher | null): string {
    const extrinsic = decode(this.#chain.runtime, bytes);
    if (this.#entries.has(extrinsic.hash)) {
      throw new RpcError(1013, "Transaction Already Imported", extrinsic.hash);
    }
    this.#validate(extrinsic);
    // No transaction of this chain has more priority than another, so none can replace one.
    if (this.#rivalOf(extrinsic) !== undefined) {
      throw new RpcError(
        1014,
        "Priority is too low: (0 vs 0)",
        "The transaction has too low priority to replace another transaction already in the pool.",
      );
    }
    this.#entries.set(extrinsic.hash, { extrinsic, watcher, block: null });
    watcher?.(this.ready().includes(extrinsic) ? "ready" : "future");
    return extrinsic.hash;
  }

  /** The extrinsics that can be in the next block: of each signer those whose nonces follow one another. */
  ready(): readonly SignedExtrinsic[] {
    const draft = new StateDraft(this.#chain.runtime, this.#chain.head.state);
    const nonces = new Map<string, number>();
    return this.#pending()
      .map(({ extrinsic }) => extrinsic)
      .sort((a, b) => a.nonce - b.nonce)
      .filter((extrinsic) => {
        const signer = u8aToHex(extrinsic.signer);
        const expected = nonces.get(signer) ?? accountNonce(draft, extrinsic.signer);
        if (extrinsic.nonce !== expected) return false;
        nonces.set(signer, expected + 1);
        return true;
      });
  }

  /** The extrinsics that the next block takes: those that are ready, unless the pool holds them. */
  takeable(): readonly SignedExtrinsic[] {
    return this.#isHeld ? [] : this.ready();
  }

  /** Keeps what waits out of blocks, as when they are full, or lets it go on. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  /** The nonce that the account's next extrinsic should have, pending ones counted. */
  nextNonce(account: Uint8Array): number {
    const draft = new StateDraft(this.#chain.runtime, this.#chain.head.state);
    const signer = u8aToHex(account);
    const mine = this.ready().filter((extrinsic) => u8aToHex(extrinsic.signer) === signer);
    return accountNonce(draft, account) + mine.length;
  }

  /** Tells that a block took these extrinsics. Whatever it made invalid leaves the pool. */
  included(extrinsics: readonly SignedExtrinsic[], block: Block): void {
    for (const { hash } of extrinsics) {
      const entry = this.#entries.get(hash);
      if (entry === undefined) continue;
      entry.block = { number: block.number, hash: block.hash };
      entry.watcher?.({ inBlock: block.hash });
    }
    this.#revalidate();
  }

  /** Tells that a block is final: its extrinsics are done. */
  finalized(number: number): void {
    for (const [hash, { block, watcher }] of this.#entries) {
      if (block === null || block.number > number) continue;
      this.#entries.delete(hash);
      watcher?.({ finalized: block.hash });
    }
  }

  /** Tells that blocks are no longer part of the best chain: their extrinsics wait again, if they can. */
  retracted(blocks: readonly Block[]): void {
    const hashes = new Set(blocks.map(({ hash }) => hash));
    for (const entry of this.#entries.values()) {
      if (entry.block === null || !hashes.has(entry.block.hash)) continue;
      entry.watcher?.({ retracted: entry.block.hash });
      entry.block = null;
    }
    this.#revalidate();
  }

  /** Drops all that wait; their watchers hear `dropped`. */
  drop(): void {
    for (const { extrinsic, watcher } of this.#pending()) {
      this.#entries.delete(extrinsic.hash);
      watcher?.("dropped");
    }
  }

  /**
   * Puts an extrinsic in the place of the one of the same signer and nonce that waits, as one with a higher priority; the
   * watcher of that one hears `usurped`.
   *
   * @throws {RpcError} as a real node refuses it.
   * @throws {RangeError} if none waits.
   */
  usurp(bytes: Uint8Array): void {
    const extrinsic = decode(this.#chain.runtime, bytes);
    this.#validate(extrinsic);
    const replaced = this.#rivalOf(extrinsic);
    if (replaced === undefined) {
      throw new RangeError(
        `Cannot replace an extrinsic: none of this signer waits with nonce ${extrinsic.nonce}`,
      );
    }
    this.#entries.delete(replaced.extrinsic.hash);
    this.#entries.set(extrinsic.hash, { extrinsic, watcher: null, block: null });
    replaced.watcher?.({ usurped: extrinsic.hash });
  }

  /** The one that waits with the same signer and nonce. */
  #rivalOf({ nonce, signer }: SignedExtrinsic): Entry | undefined {
    return this.#pending().find(({ extrinsic }) =>
      extrinsic.nonce === nonce && u8aToHex(extrinsic.signer) === u8aToHex(signer)
    );
  }

  #pending(): Entry[] {
    return [...this.#entries.values()].filter(({ block }) => block === null);
  }

  #revalidate(): void {
    for (const { extrinsic, watcher } of this.#pending()) {
      try {
        this.#validate(extrinsic);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        this.#entries.delete(extrinsic.hash);
        watcher?.("invalid");
      }
    }
  }

  #validate(extrinsic: SignedExtrinsic): void {
    const { runtime, head, genesisHash } = this.#chain;
    const next = head.number + 1;
    const birth = eraBirth(extrinsic.era, next);
    const birthHash = extrinsic.era === null ? genesisHash : this.#chain.blockHash(birth);
    if (birthHash === null || (extrinsic.era !== null && birth < next - BLOCK_HASH_COUNT)) {
      throw invalid("Transaction has an ancient birth block");
    }
    const implicit = { genesisHash: hexBytes(genesisHash), birthHash: hexBytes(birthHash) };
    if (!verifySignature(runtime, extrinsic, implicit)) throw invalid("Transaction has a bad signature");
    const nonce = accountNonce(new StateDraft(runtime, head.state), extrinsic.signer);
    if (extrinsic.nonce < nonce) throw invalid("Transaction is outdated");
  }
}

function decode(runtime: Runtime, bytes: Uint8Array): SignedExtrinsic {
  try {
    return decodeExtrinsic(runtime, bytes);
  } catch (error) {
    if (error instanceof UnsignedExtrinsicError) {
      throw new RpcError(
        1011,
        "Unknown Transaction Validity",
        "Could not find an unsigned validator for the unsigned transaction",
      );
    }
    if (!(error instanceof ExtrinsicFormatError)) throw error;
    throw new RpcError(
      1002,
      `Verification Error: Runtime error: Bad input data provided to validate_transaction: ${error.message}`,
    );
  }
}

function invalid(data: string): RpcError {
  return new RpcError(1010, "Invalid Transaction", data);
}

function hexBytes(hash: string): Uint8Array {
  return hexToU8a(hash as `0x${string}`);
}
