/**
 * What was thrown, in the forms the program passes it on.
 *
 * @module
 */

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** An error as the result document and the log show it. */
export function describeError(thrown: unknown): { readonly name: string; readonly message: string } {
  const { name, message } = asError(thrown);
  return { name, message };
}
