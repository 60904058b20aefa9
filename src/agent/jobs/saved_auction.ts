/**
 * The file of `--save-snapshot`: the chain data and the settings that decide the outcome, so that `replay` needs neither
 * network nor configuration. It contains no secret.
 *
 * @module
 */

import * as z from "zod";
import { parseSnapshot } from "../../auction/inputs/parse_snapshot.ts";
import type { AuctionSnapshot } from "../../auction/inputs/snapshot.ts";
import { SnapshotError } from "../../auction/protocol/errors.ts";
import { AMBIGUITY_POLICIES, type AmbiguityPolicy } from "../../auction/ambiguity.ts";
import { VERSION } from "../../version.ts";
import type { ValidationWindow } from "../../auction/protocol/windows.ts";
import { readBounded } from "../../lib/bounded_file.ts";
import { asError, describeError } from "../../lib/errors.ts";
import { gunzip } from "../../lib/gzip.ts";

/** The largest file, and the largest text in a compressed one: five times one with 4096 records of the largest kind. */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** The `format` of files written by this version. */
const SAVED_FORMAT = "ih-miner/saved-auction/1";

/** An auction that `replay` can compute. */
export interface SavedAuction {
  /** SS58 address of the bidder. */
  readonly hotkey: string;
  readonly window: ValidationWindow;
  readonly onAmbiguous: AmbiguityPolicy;
  readonly snapshot: AuctionSnapshot;
}

const saved = z.object({
  format: z.literal(SAVED_FORMAT),
  hotkey: z.string().min(1),
  window: z.object({ index: z.int().min(0).max(5), firstBlock: z.int(), lastBlock: z.int() }),
  onAmbiguous: z.enum(AMBIGUITY_POLICIES),
  snapshot: z.unknown(),
});

/** Formats the text of a file. */
export function formatSavedAuction(auction: SavedAuction): string {
  return `${JSON.stringify({ format: SAVED_FORMAT, savedBy: `ih-miner ${VERSION}`, ...auction }, null, 1)}\n`;
}

/**
 * Reads a file, which may be compressed with gzip.
 *
 * @throws {SnapshotError} if it cannot be read, or with the place of the first mistake.
 */
export async function readSavedAuction(path: string): Promise<SavedAuction> {
  let text: string;
  try {
    text = await gunzip(await readBounded(path, MAX_SNAPSHOT_BYTES), MAX_SNAPSHOT_BYTES);
  } catch (error) {
    throw new SnapshotError("", `Cannot read the snapshot ${path}: ${describeError(error).message}`);
  }
  return parseSavedAuction(text);
}

/**
 * Parses the text of a file.
 *
 * @throws {SnapshotError} with the place of the first mistake.
 */
export function parseSavedAuction(text: string): SavedAuction {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const why = asError(error).message;
    throw new SnapshotError("", `Cannot read the snapshot: it is not JSON: ${why}`);
  }
  const result = saved.safeParse(json);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    const where = path.join(".");
    throw new SnapshotError(
      where,
      `Cannot read the snapshot: ${where || "the whole document"} is wrong: ${message}`,
    );
  }
  const { hotkey, window, onAmbiguous, snapshot } = result.data;
  return { hotkey, window, onAmbiguous, snapshot: parseSnapshot(snapshot) };
}
