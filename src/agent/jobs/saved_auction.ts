/**
 * The file of `--save-snapshot`: what was read from the chain and what of the configuration decides the outcome,
 * so that `replay` needs neither. It holds no secret.
 *
 * @module
 */

import * as z from "zod";
import { type AuctionSnapshot, parseSnapshot } from "../../auction/inputs/snapshot.ts";
import { SnapshotError } from "../../auction/inputs/snapshot_error.ts";
import type { AmbiguityPolicy } from "../../config/schema.ts";
import { VERSION } from "../../version.ts";
import type { ValidationWindow } from "../../auction/protocol/windows.ts";
import { asError } from "../../lib/errors.ts";

/** The `format` of files written by this version. */
const SAVED_FORMAT = "ih-miner/saved-auction/1";

/** An auction that can be computed again. */
export interface SavedAuction {
  /** SS58 address of the miner whose auction it was. */
  readonly hotkey: string;
  readonly window: ValidationWindow;
  readonly onAmbiguous: AmbiguityPolicy;
  readonly snapshot: AuctionSnapshot;
}

const saved = z.object({
  format: z.literal(SAVED_FORMAT),
  hotkey: z.string().min(1),
  window: z.object({ index: z.int().min(0).max(5), firstBlock: z.int(), lastBlock: z.int() }),
  onAmbiguous: z.enum(["deliver-possible", "deliver-certain"]),
  snapshot: z.unknown(),
});

/** The text of a file. */
export function formatSavedAuction(auction: SavedAuction): string {
  return `${JSON.stringify({ format: SAVED_FORMAT, savedBy: `ih-miner ${VERSION}`, ...auction }, null, 1)}\n`;
}

/**
 * Reads a file's text.
 *
 * @throws {SnapshotError} saying where it is wrong.
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
      `Cannot read the snapshot: ${where || "the whole of it"} is wrong: ${message}`,
    );
  }
  const { hotkey, window, onAmbiguous, snapshot } = result.data;
  return { hotkey, window, onAmbiguous, snapshot: parseSnapshot(snapshot) };
}
