/**
 * What is wrong with a text that is not TOML, in words that hold nothing of the text: a value that lacks its quotes
 * may be a secret, and the library's own messages quote it.
 *
 * @module
 */

/** How the library's reasons begin, and what is told instead; the first that fits counts. */
const MISTAKES: readonly (readonly [beginnings: readonly string[], mistake: string])[] = [
  [["Control char", "Null", "DEL"], "here is a control character, which no text file should have; remove it"],
  [
    ["Standalone CR", "Carriage return"],
    "a carriage return stands without a line feed; end lines with LF or CRLF",
  ],
  [
    ["Newline", "Unterminated", "Expected close of string", "Invalid multiline string"],
    "a text is not closed; is a quote missing?",
  ],
  [
    ["Invalid escape", "Invalid Unicode", "Invalid hex escape", "Invalid \\", "Trailing backslash"],
    "a backslash begins what TOML does not know; write \\\\ for a backslash, or put the text into '…'",
  ],
  [
    [
      "Duplicate key",
      'Key "',
      "Table already defined",
      "Implicit table already defined",
      "Value already defined",
      "Cannot extend",
      "Cannot traverse",
      "Cannot add",
    ],
    "a key or table of this name stands further up already; keep one of them",
  ],
  [
    [
      "Expected table",
      'Expected "[["',
      'Expected "]]"',
      '"[[" brackets',
      '"]]" brackets',
      "Table header",
      "Array of Tables header",
      "Extra content after",
    ],
    "a table's header is a line by itself, such as [wallet] or [[asic.miners]]",
  ],
  [
    [
      'Expected "="',
      '"=" must',
      "Use '='",
      "Missing key",
      "Unexpected token",
      "Invalid bare key",
      "Multiline strings cannot be keys",
    ],
    "a line must be key = value, and a key of more than letters, digits, - and _ needs quotes",
  ],
  [["Expected value", "Value must"], "a value is missing behind the ="],
  [["Key/value pairs"], "there is more on the line than one value; a text needs quotes"],
  [
    ["Missing comma", "Leading comma", "Consecutive commas"],
    "the items of a list or table need one comma between them, and a ] or } behind the last",
  ],
  [['Expected "]"', 'Expected "}"'], "a list or table is not closed; put a ] or } behind the last item"],
  [["Unexpected char"], "this character cannot stand here; a text needs quotes"],
  [
    [
      "Invalid",
      "Float",
      "Offset",
      '"',
      "Leading zeros",
      "Underscore",
      "Consecutive underscores",
      "Double sign",
      "Incomplete",
      "Hexadecimal",
      "Octal",
      "Binary",
      "Number cannot",
      "Expected fraction",
      "Unrecognized token",
    ],
    "this is no number, no date, and neither true nor false; a text needs quotes",
  ],
];

/** What is wrong, from the library's reason (without its excerpt of the text); it holds nothing of that. */
export function tomlMistake(reason: string): string {
  const known = MISTAKES.find(([beginnings]) => beginnings.some((beginning) => reason.startsWith(beginning)));
  return known?.[1] ?? "this is not TOML; look for a quote, a bracket or a comma that is missing";
}
