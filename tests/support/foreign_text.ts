/**
 * Texts as a hostile node, miner, proxy or program may send them, and what of them must not reach a terminal.
 *
 * @module
 */

import assert from "node:assert/strict";

/** Without spaces too, which some ways out treat in another way. */
export const FOREIGN_TEXTS: Readonly<Record<string, string>> = {
  "clears the screen": "a\x1b[2Jb",
  "clears the screen, with a space": "a \x1b[2J b",
  "sets the title": "\x1b]0;owned\x07",
  "writes to the clipboard": "\x1b]52;c;b3duZWQ=\x1b\\",
  "uses C1 controls": "a\x9b2Jb\x9d0;owned\x9c\x90q\x85",
  "rings, erases and deletes": "a\x07\b\b\x7f",
  "overwrites its line": "failed\rok",
  "forges a line": 'a\n12:00:00 info     Auction results computed  won_count=9\n{"event":"forged"}',
  "has vertical tabs and form feeds": "a\x0b\x0cb",
  "has NULs": "a\0b",
  "reorders the text": "a\u202eb\u2066c\u2069\u200f\u061c",
  "has Unicode's line ends": "a\u2028b\u2029c\u0085d",
  "looks escaped already": 'a\\u001b[2J\x1b"\\\x1b',
};

/** Fails if a text has anything that a terminal or a reader could be misled by; line feeds and tabs are no harm. */
export function assertPrintable(text: string): void {
  const [raw] = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.exec(text) ?? [];
  assert.equal(raw, undefined, `raw ${JSON.stringify(raw)} in ${JSON.stringify(text.slice(0, 2000))}`);
}
