/**
 * The blocks of a simulated chain: those that were built, and those that only have to look as if.
 *
 * Clients ask for blocks below the start of a simulation and inside a far jump. Such *unbuilt* blocks have seeded hashes,
 * the state of the block next to them and times that lead up to the block above them.
 *
 * @module
 */

import { type Block, type ChainState, headerHash, makeHeader, seededHash } from "./block.ts";
import { SortedMap } from "./sorted_map.ts";

/** Block time of the real chain, in milliseconds. */
export const SLOT_MS = 12_000;

/** State without anything in it. */
export const NO_STATE: ChainState = { storage: SortedMap.empty, neurons: new Map() };

/** What is in a new block; the rest follows from the block below. */
export type BlockBody = Pick<Block, "timestampMs" | "extrinsics" | "events" | "state">;

/** Where the chain begins and what its hashes follow from. */
export interface BlockStoreOptions {
  readonly seed: string;
  readonly genesisHash: string;
  readonly startBlock: number;
  readonly start: BlockBody;
}

/** What genesis has for a parent. */
const ZERO_HASH = `0x${"00".repeat(32)}`;

type StoredBlock = { -readonly [K in keyof Block]: Block[K] };

/** Unbuilt blocks between `source`, whose state they show, and `above`, whose time they lead up to. */
interface Gap {
  readonly first: number;
  readonly last: number;
  readonly source: Block;
  readonly above: Block;
}

/** Blocks by number and by hash. */
export class BlockStore {
  readonly #seed: string;
  readonly #genesisHash: string;
  readonly #built = new Map<number, StoredBlock>();
  readonly #unbuilt = new Map<number, Block>();
  readonly #byHash = new Map<string, Block>();
  /** Numbers of unbuilt blocks, by the hashes that headers have named. */
  readonly #unbuiltNumbers = new Map<string, number>();
  readonly #chosenHashes = new Map<number, string>();
  readonly #gaps: Gap[] = [];
  #fork = 0;
  #head: StoredBlock;

  constructor({ seed, genesisHash, startBlock, start }: BlockStoreOptions) {
    this.#seed = seed;
    this.#genesisHash = genesisHash;
    this.#head = this.#make(startBlock, null, start);
    this.#gaps.push({ first: 0, last: startBlock - 1, source: this.#head, above: this.#head });
  }

  /** The best block. */
  get head(): Block {
    return this.#head;
  }

  /** A block of the best chain, `null` above the head. */
  at(number: number): Block | null {
    if (!Number.isInteger(number) || number < 0 || number > this.#head.number) return null;
    return this.#built.get(number) ?? this.#unbuiltBlock(number);
  }

  /** A block of the best chain that was built, else `null`. */
  builtAt(number: number): Block | null {
    return this.#built.get(number) ?? null;
  }

  /** Any block that was ever handed out, retracted ones included. */
  byHash(hash: string): Block | null {
    const known = this.#byHash.get(hash);
    if (known !== undefined) return known;
    const number = this.#unbuiltNumbers.get(hash);
    return number === undefined ? null : this.at(number);
  }

  /** Puts a block on the head; with a number further up, the blocks between stay unbuilt. */
  append(number: number, body: BlockBody): Block {
    const below = this.#head;
    const isNext = number === below.number + 1;
    this.#head = this.#make(number, isNext ? below : null, body);
    if (!isNext) {
      this.#gaps.push({ first: below.number + 1, last: number - 1, source: below, above: this.#head });
    }
    return this.#head;
  }

  /**
   * Takes blocks off the head. What is built from here has other hashes.
   *
   * @returns the blocks, the highest first.
   * @throws {RangeError} if fewer blocks were built in a row.
   */
  retract(count: number): readonly Block[] {
    const retracted: Block[] = [];
    let target: Block = this.#head;
    while (retracted.length < count) {
      retracted.push(target);
      if (target.parent === null) {
        throw new RangeError(
          `Cannot go back ${count} blocks from ${this.#head.number}: only ${retracted.length - 1} were built`,
        );
      }
      target = target.parent;
    }
    for (const { number } of retracted) this.#built.delete(number);
    this.#head = this.#built.get(target.number)!;
    this.#fork++;
    return retracted;
  }

  /** Replaces the head's state. */
  setHeadState(state: ChainState): void {
    this.#head.state = state;
  }

  /** Changes the head's time. */
  setHeadTimestamp(timestampMs: number): void {
    this.#head.timestampMs = timestampMs;
  }

  /** Forgets the state of a built block. */
  forgetState(number: number): void {
    const block = this.#built.get(number);
    if (block !== undefined) block.state = NO_STATE;
  }

  /** Chooses the hash of a block of the best chain, now or when it is built. */
  setHash(number: number, hash: string): void {
    this.#chosenHashes.set(number, hash);
    this.#unbuilt.delete(number);
    const block = this.#built.get(number);
    if (block === undefined) return;
    block.hash = hash;
    this.#byHash.set(hash, block);
  }

  #make(number: number, parent: Block | null, body: BlockBody): StoredBlock {
    const parentHash = parent === null ? this.#unbuiltHash(number - 1) : parent.hash;
    const seed = this.#fork === 0 ? this.#seed : `${this.#seed}/${this.#fork}`;
    const header = makeHeader(parentHash, number, seed);
    const hash = this.#chosenHashes.get(number) ?? headerHash(header);
    const { timestampMs, extrinsics, events, state } = body;
    const block: StoredBlock = { number, hash, parent, header, timestampMs, extrinsics, events, state };
    this.#built.set(number, block);
    this.#byHash.set(hash, block);
    return block;
  }

  #unbuiltHash(number: number): string {
    const hash = number === 0
      ? this.#genesisHash
      : this.#chosenHashes.get(number) ?? seededHash(`${this.#seed}/block/${number}`);
    this.#unbuiltNumbers.set(hash, number);
    return hash;
  }

  #unbuiltBlock(number: number): Block | null {
    const known = this.#unbuilt.get(number);
    if (known !== undefined) return known;
    const gap = this.#gaps.find(({ first, last }) => first <= number && number <= last);
    if (gap === undefined) return null;
    const below = number === 0
      ? ZERO_HASH
      : this.#built.get(number - 1)?.hash ?? this.#unbuiltHash(number - 1);
    const block = unbuiltBlock(gap, {
      number,
      hash: this.#unbuiltHash(number),
      header: makeHeader(below, number, this.#seed),
    });
    this.#unbuilt.set(number, block);
    this.#byHash.set(block.hash, block);
    return block;
  }
}

/** Its state and time follow those of its neighbours, which may still be edited. */
function unbuiltBlock(
  { source, above }: Gap,
  { number, hash, header }: Pick<Block, "number" | "hash" | "header">,
): Block {
  return {
    parent: null,
    number,
    hash,
    header,
    extrinsics: [],
    // That of the timestamp inherent.
    events: source.events.slice(0, 1),
    get timestampMs(): number {
      return Math.max(0, above.timestampMs - (above.number - number) * SLOT_MS);
    },
    get state(): ChainState {
      return source.state;
    },
  };
}
