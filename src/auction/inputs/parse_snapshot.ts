/**
 * Reads snapshots that come from a file or a worker. It is apart from their types, since the auction's worker makes snapshots
 * and has no use for the library.
 *
 * @module
 */

import * as z from "zod";
import { SnapshotError } from "../protocol/errors.ts";
import { type AuctionSnapshot, SNAPSHOT_FORMAT } from "./snapshot.ts";

const blockNumber = z.int().nonnegative();
const hash = z.string().regex(/^0x[\da-f]{64}$/, "must be 0x and 64 lowercase hex digits");
const hexBytes = z.string().regex(/^0x([\da-f]{2})*$/, "must be 0x and lowercase hex bytes");
const u16 = z.int().min(0).max(65535);

const block = z.object({ number: blockNumber, hash, timestampMs: z.int().nullable() });

const snapshot = z.object({
  format: z.literal(SNAPSHOT_FORMAT),
  chain: z.object({
    endpoint: z.string(),
    genesisHash: hash,
    specName: z.string(),
    specVersion: z.int().nonnegative(),
  }),
  netuid: u16,
  tempo: u16,
  head: block,
  firstBlock: block,
  mechanismEmissionSplit: z.array(u16).nullable(),
  commitments: z.array(z.object({
    storageKey: hexBytes,
    hotkey: z.string(),
    block: blockNumber.nullable(),
    fieldKind: z.string(),
    data: hexBytes.nullable(),
  })),
  neurons: z.array(z.object({
    uid: u16,
    hotkey: z.string(),
    stakeRao: z.string().regex(/^\d{1,40}$/, "must be decimal digits"),
  })),
}) satisfies z.ZodType<AuctionSnapshot>;

/**
 * Checks parsed JSON. Unknown keys are dropped.
 *
 * @throws {SnapshotError} with the path of the first invalid value.
 */
export function parseSnapshot(json: unknown): AuctionSnapshot {
  const result = snapshot.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.path.map((part) => typeof part === "number" ? `[${part}]` : `.${String(part)}`).join("")
    .replace(/^\./, "");
  throw new SnapshotError(
    path,
    `Cannot read the snapshot: ${path === "" ? "the whole document" : path} is wrong: ${issue.message}`,
  );
}
