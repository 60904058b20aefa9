/**
 * Explains why a text is not TOML without quoting it: a value that lacks its quotes may be a secret, and the
 * library's own messages quote it.
 *
 * @module
 */

/** Beginnings of the library's reasons, separated by `|`, and the explanation to show; the first match wins. */
const MISTAKES: readonly (readonly [beginnings: string, mistake: string])[] = [
  ["Control char|Null|DEL", "there is a control character here, which no text file should have; remove it"],
  [
    "Standalone CR|Carriage return",
    "there is a carriage return without a line feed; end lines with LF or CRLF",
  ],
  [
    "Newline|Unterminated|Expected close of string|Invalid multiline string",
    "a string is not closed; is a quote missing?",
  ],
  [
    "Invalid escape|Invalid Unicode|Invalid hex escape|Invalid \\|Trailing backslash",
    "a backslash starts an unknown escape; write \\\\ for a backslash, or put the string in '…'",
  ],
  [
    'Duplicate key|Key "|Table already defined|Implicit table already defined|Value already defined|' +
    "Cannot extend|Cannot traverse|Cannot add",
    "a key or table with this name already exists above; keep one of them",
  ],
  [
    'Expected table|Expected "[["|Expected "]]"|"[[" brackets|"]]" brackets|Table header|' +
    "Array of Tables header|Extra content after",
    "a table's header must be on a line by itself, such as [wallet] or [[asic.miners]]",
  ],
  [
    `Expected "="|"=" must|Use '='|Missing key|Unexpected token|Invalid bare key|` +
    "Multiline strings cannot be keys",
    "a line must be key = value, and a key with more than letters, digits, - and _ needs quotes",
  ],
  ["Expected value|Value must", "a value is missing after the ="],
  ["Key/value pairs", "there is more on the line than one value; a string needs quotes"],
  [
    "Missing comma|Leading comma|Consecutive commas",
    "the items of a list or table need one comma between them, and a ] or } after the last",
  ],
  ['Expected "]"|Expected "}"', "a list or table is not closed; put a ] or } after the last item"],
  ["Unexpected char", "this character is not allowed here; a string needs quotes"],
  [
    'Invalid|Float|Offset|"|Leading zeros|Underscore|Consecutive underscores|Double sign|Incomplete|' +
    "Hexadecimal|Octal|Binary|Number cannot|Expected fraction|Unrecognized token",
    "this is not a number, a date, true or false; a string needs quotes",
  ],
];

/** Explains the library's reason (given without its excerpt of the text), quoting nothing of either. */
export function tomlMistake(reason: string): string {
  const known = MISTAKES.find(([beginnings]) =>
    beginnings.split("|").some((beginning) => reason.startsWith(beginning))
  );
  return known?.[1] ?? "this is not TOML; look for a missing quote, bracket or comma";
}
