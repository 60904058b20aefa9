/**
 * The error of `snapshot.ts`, in a module of its own so that catching it does not load the schema.
 *
 * @module
 */

/** Saved data is not a snapshot that this version can read. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";

  constructor(
    /** The path of the first invalid value, such as `commitments[3].block`; empty for the whole document. */
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}
