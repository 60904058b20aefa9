/**
 * Generators of TOML as people and programs write it.
 *
 * @module
 */

import fc from "fast-check";

/** What may come into a TOML file by mistake. */
export const TOML_PIECES = [
  ..."[]{}=,.#\"'\\\n\r\t -_+:0123456789eExXTZ",
  ...[
    "[[",
    "]]",
    '"""',
    "'''",
    "\r\n",
    "# ",
    "true",
    "nan",
    "inf",
    "1979-05-27",
    "T07:32:00Z",
    "0x1F",
    "1_000",
  ],
  ...[
    "\\u00e9",
    "\\U0001F600",
    "\\e",
    "\0",
    "\x7f",
    "\ufeff",
    "é",
    "😀",
    "\ud800",
    "[a]\n",
    "a = 1\n",
    "a.b = 2\n",
  ],
  ...["{ x = 1 }", "[1, 2]", "__proto__", "constructor", "9223372036854775808", "1e400"],
];

const bareKey = fc.constantFrom("host", "port", "user", "weights", "x-1", "worker_id", "a", "b");

/** A key as written, and its name; none has a dot. */
export const key: fc.Arbitrary<{ readonly text: string; readonly name: string }> = fc.oneof(
  { weight: 4, arbitrary: bareKey.map((name) => ({ text: name, name })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("weight of it", "é", "a.b", "#", "", "target_hashrate ").map((name) => ({
      text: JSON.stringify(name),
      name,
    })),
  },
);

/** A value on one line. */
export const value: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...['"weight = 1"', "'# no comment'", '""', '"\\"#\\""', "1", "-17", "1_000", "0xff", "1e3", "-0.0"],
    ...["nan", "-inf", "true", "1979-05-27", "1979-05-27T07:32:00Z", "07:32:00", "[]", "[1, 2,]", "{}"],
    ...['{ weight = 1, "b" = [ "x" ] }', '[ { name = "subnet" }, 5 ]', "9007199254740993", '"😀 é"'],
  ),
  fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text).replaceAll("\x7f", "\\u007f")),
);

/** A value that may take several lines. */
export const longValue: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: value },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '"""\nweight = 1\n# no comment\n"""',
      "'''\n[[pools.main]]\nname = \"subnet\"\n'''",
      "[\n  1, # one\n  2,\n]",
      "[ # open\n  'a'\n  # before the end\n]",
    ),
  },
);

export const blank: fc.Arbitrary<string> = fc.constantFrom("", "", " ", "\t", "   ");

/** A comment at the end of a line, mostly none. */
export const comment: fc.Arbitrary<string> = fc.constantFrom(
  "",
  "",
  " # c",
  "#weight = 1",
  '\t# it\'s "so"',
  " # ⛏ 😀",
);

/** A row of other keys. */
export const otherRow: fc.Arbitrary<{ readonly name: string; readonly text: string }> = fc.tuple(
  key,
  blank,
  blank,
  longValue,
  comment,
).map(([{ text, name }, before, after, written, end]) => ({
  name,
  text: `${before}${text}${after}=${after}${written}${end}`,
}));

/** Lines between rows. */
export const note: fc.Arbitrary<string> = fc.constantFrom(
  "",
  "",
  "# weight = 1",
  "   # [[pools.main]]",
  "\t",
);

/** A file's line ending and end. */
export const layout: fc.Arbitrary<(lines: readonly string[]) => string> = fc.tuple(
  fc.constantFrom("\n", "\n", "\r\n"),
  fc.boolean(),
  fc.constantFrom("", "", "\ufeff"),
).map(([newline, endsLine, bom]) => (lines) =>
  bom + (lines.join("\n") + (endsLine ? "\n" : "")).replaceAll("\n", newline)
);

const TOKEN =
  /"""(?:\\[^]|[^\\])*?"{3,5}|'''[^]*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*|[^\s"'#[\]{},=]+|[[\]{},=]/g;

/** The comments of a valid TOML text, in order. */
export function commentsOf(text: string): string[] {
  return tokensOf(text).filter((token) => token.startsWith("#"));
}

/** The tokens of a valid TOML text, without white space and line ends. */
export function tokensOf(text: string): string[] {
  return [...text.matchAll(TOKEN)].map(([token]) => token.trimEnd());
}
