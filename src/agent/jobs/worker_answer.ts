/**
 * Checks what a worker answers. The main thread acts on it, and a package in the worker may be compromised.
 *
 * @module
 */

import * as z from "zod";

/** A worker answered what its job cannot answer. The run fails, and everything stays as it is. */
export class WorkerAnswerError extends Error {
  override readonly name = "WorkerAnswerError";

  constructor(job: string, why: string, options?: ErrorOptions) {
    super(
      `Cannot use what the ${job} job's worker says: ${why}; if the same version says so again, stop it, since one of its ` +
        "packages may be compromised",
      options,
    );
  }
}

/** The address of a hotkey, in the alphabet of Base58 with a length that SS58 gives to 32 bytes. */
export const hotkeyAddress = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{46,48}$/, "must be an SS58 address");

/** A list whose length is looked at before its entries: a list may claim four billion entries and hold none. */
export function listOf<T>(entry: z.ZodType<T>, maxLength: number): z.ZodType<T[]> {
  const isShort = (list: unknown): boolean => !Array.isArray(list) || list.length <= maxLength;
  return z.unknown().refine(isShort, `must have at most ${maxLength} entries`).pipe(z.array(entry));
}

/** How much is shown of where a mistake is; the keys on the way may be the worker's own. */
const MAX_PLACE = 100;

/**
 * Checks a value against a schema.
 *
 * @param job for the message: `auction`.
 * @throws {WorkerAnswerError} with the place of the first mistake.
 */
export function checkAnswer<T>(job: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const place = path.map(String).join(".").replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_PLACE);
  throw new WorkerAnswerError(job, `${place || "its answer"} is wrong: ${message}`);
}
