/**
 * What holds for each edit of a proxy's file, whichever proxy it is.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { FileEdit } from "../../src/delivery/proxies/file_edit.ts";
import { parseToml, type TomlTable } from "../../src/lib/toml.ts";
import { commentsOf, tokensOf } from "./toml_text.ts";

/** Sizes in PH/s that are whole TH/s, so that their sum is known without doubles. */
export const sizes: fc.Arbitrary<readonly number[]> = fc.array(fc.integer({ min: 50, max: 450 }), {
  maxLength: 6,
});

/** Sizes in TH/s as the auction gives them. */
export function sizeTexts(sizesTh: readonly number[]): string[] {
  return sizesTh.map((size) => String(size / 1000));
}

/** The data of a text, with integers as bigints. */
export function dataOf(text: string): TomlTable {
  return parseToml(text, { source: "the file", bigintIntegers: "always" });
}

/**
 * Checks an edit of a text of which nothing is known but that it could be edited.
 *
 * @param wanted the data that the edited text must have.
 */
export function checkEdit(
  before: string,
  edit: FileEdit,
  { wanted, again }: { readonly wanted: TomlTable; readonly again: (text: string) => FileEdit },
): void {
  assert.deepStrictEqual(dataOf(edit.after), wanted, "the edited text has other data");
  assert.equal(edit.changed, edit.after !== before, "it says changed when it is not, or the other way round");
  const second = again(edit.after);
  assert.ok(!second.changed, "a second edit changes the text again");
  assert.equal(second.after, edit.after);
}

/**
 * Checks that everything else of a well-formed text was kept: comments, other keys and values, their order and their line ends.
 *
 * @param ownKeys the keys that routing may write, replace or remove.
 */
export function checkRest(before: string, after: string, ownKeys: readonly string[]): void {
  assert.deepEqual(commentsOf(after), commentsOf(before), "comments changed");
  assert.deepEqual(restOf(after, ownKeys), restOf(before, ownKeys), "something else changed");
  assert.equal(after.startsWith("\ufeff"), before.startsWith("\ufeff"), "the byte order mark changed");
  const lastLine = before.slice(before.lastIndexOf("\n") + 1);
  // Without its last row, the file ends where the line before it does.
  if (!ownKeys.some((key) => lastLine.includes(key))) {
    assert.equal(after.endsWith("\n"), before.endsWith("\n"), "the end of the last line changed");
  }
  const isCrlf = (text: string): boolean => /\r\n/.test(text);
  const isLf = (text: string): boolean => /(?<!\r)\n/.test(text);
  if (!isLf(before) && isCrlf(before)) assert.ok(!isLf(after), "a line lost its carriage return");
  if (!isCrlf(before)) assert.ok(!isCrlf(after), "a line got a carriage return");
}

/** The tokens without comments, commas, and the rows of these keys, whose values are single tokens. */
function restOf(text: string, ownKeys: readonly string[]): string[] {
  const tokens = tokensOf(text).filter((token) => !/^(?:#.*|,)$/.test(token));
  const own = ownKeys.flatMap((key) => [key, `"${key}"`, `'${key}'`]);
  const rest: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (own.includes(tokens[i]!) && tokens[i + 1] === "=") i += 2;
    else rest.push(tokens[i]!);
  }
  return rest;
}
