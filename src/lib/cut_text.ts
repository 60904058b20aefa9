/**
 * Cuts foreign texts to a length that log lines and messages can carry.
 *
 * @module
 */

/** The most characters of one text. */
export const MAX_TEXT = 2_000;

/** A text without what is beyond the limit, and how much that was. */
export function cutText(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT)}… (${text.length - MAX_TEXT} more characters)`;
}
