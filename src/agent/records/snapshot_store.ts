/**
 * The last windows' snapshots in the state folder, compressed: what `ih-miner advise --windows` tries prices out in. No
 * decision of the agent depends on them, and they can be deleted at any time.
 *
 * @module
 */

import { writeAnew } from "../../lib/own_file.ts";
import { join } from "node:path";
import { formatSavedAuction, readSavedAuction, type SavedAuction } from "../jobs/saved_auction.ts";
import { describeError } from "../../lib/errors.ts";
import { gzip } from "../../lib/gzip.ts";

/** Ascending names are ascending blocks. */
const NAME = /^\d{10}\.json\.gz$/;
/** The name of a window that is being written. */
export const TEMPORARY = ".next";

/** The bidder whose windows are kept. */
export interface SnapshotOwner {
  readonly netuid: number;
  /** SS58 address. */
  readonly hotkey: string;
}

/** What {@link SnapshotStore.newest} found. */
export interface KeptSnapshots {
  /** The oldest first. */
  readonly auctions: readonly SavedAuction[];
  /** Files that cannot be read, with the reason. */
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
}

/** The kept snapshots of one bidder. */
export class SnapshotStore {
  /** For messages. */
  readonly folder: string;

  /** @param stateDirectory the state folder, which bidders may share. */
  constructor(stateDirectory: string, { netuid, hotkey }: SnapshotOwner) {
    this.folder = join(stateDirectory, "snapshots", `${netuid}-${hotkey}`);
  }

  /**
   * Keeps a window and removes the oldest ones beyond `count`. A window that is kept already is replaced.
   *
   * @throws {Error} if the folder cannot be written.
   */
  async keep(auction: SavedAuction, count: number): Promise<void> {
    if (count > 0) {
      await Deno.mkdir(this.folder, { recursive: true, mode: 0o700 });
      const block = String(auction.snapshot.firstBlock.number).padStart(10, "0");
      const temporary = join(this.folder, TEMPORARY);
      await writeAnew(temporary, await gzip(formatSavedAuction(auction)));
      await Deno.rename(temporary, join(this.folder, `${block}.json.gz`));
    }
    const names = await this.#names();
    for (const name of names.slice(0, Math.max(0, names.length - count))) {
      await Deno.remove(join(this.folder, name));
    }
  }

  /** Reads the newest windows. */
  async newest(count: number): Promise<KeptSnapshots> {
    const names = await this.#names();
    const auctions: SavedAuction[] = [];
    const unreadable: { path: string; why: string }[] = [];
    for (const name of names.slice(Math.max(0, names.length - count))) {
      const path = join(this.folder, name);
      try {
        auctions.push(await readSavedAuction(path));
      } catch (error) {
        unreadable.push({ path, why: describeError(error).message });
      }
    }
    return { auctions, unreadable };
  }

  /** The files, the oldest first; none without the folder. */
  async #names(): Promise<string[]> {
    try {
      const names = await Array.fromAsync(Deno.readDir(this.folder), ({ name }) => name);
      return names.filter((name) => NAME.test(name)).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}
