/**
 * The error of `snapshot.ts`, apart from it: whoever only catches it need not load what reads snapshots.
 *
 * @module
 */

/** Thrown when saved data is not a snapshot this version can read. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";

  constructor(
    /** Where the first bad value stands, e.g. `commitments[3].block`; empty for the whole. */
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}
