/**
 * Generators of JSON as programs and firmware write it.
 *
 * @module
 */

import fc from "fast-check";

/** What may come into JSON by mistake. */
export const JSON_PIECES = [
  ..."{}[]:,\"'\\ \n\t\0-+.eE0123456789",
  ...[
    "}{",
    ",}",
    ",]",
    "[,",
    ",,",
    '""',
    "nan",
    "-nan",
    "inf",
    "null",
    "true",
    "None",
    "1e999",
    "-0",
    "0x1",
    "\\u0000",
  ],
  ...[
    '\\"',
    "\\x",
    "\\'",
    "\x01",
    "\x1b[2J",
    "\ufeff",
    "\ud800",
    '"a":',
    '"__proto__":{"x":1}',
    "]]]]",
    "[[[[",
  ],
];

/** Lists in lists, deeper than any call stack. */
export const DEEP = 10_000;

/** Values that fit nowhere, as JSON. */
export const oddValue: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.constantFrom(
      ...[
        "null",
        "true",
        "[]",
        "{}",
        "-1",
        "-0",
        "1e308",
        "1e-320",
        "9007199254740993",
        '""',
        '"x"',
        '" 5 "',
        "[[5]]",
      ],
      ...[
        '{"toString":1,"valueOf":2}',
        '{"length":4294967295}',
        '{"__proto__":null}',
        '"\\u0000\\ud800"',
        "1e999",
      ],
      ...['"1e999"', '"-5"', '"0x10"', '"٣"'],
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "[".repeat(DEEP) + "]".repeat(DEEP),
      '{"a":'.repeat(DEEP) + "1" + "}".repeat(DEEP),
    ),
  },
  { weight: 10, arbitrary: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)) },
);

/** A member of an object: its key, and its value as JSON. */
export type Member = readonly [key: string, value: string];

/** An object of these members, in this order. */
export function objectText(members: readonly Member[]): string {
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
}

/**
 * Objects that mostly have these members with values that fit.
 *
 * @param fitting values as JSON, by key.
 */
export function objectOf(fitting: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> {
  const members = Object.entries(fitting).map(([key, value]) =>
    fc.oneof(
      { weight: 12, arbitrary: value.map((text): Member[] => [[key, text]]) },
      { weight: 1, arbitrary: oddValue.map((text): Member[] => [[key, text]]) },
      { weight: 1, arbitrary: fc.constant<Member[]>([]) },
    )
  );
  const more = fc.array(fc.tuple(fc.constantFrom("x", "", "__proto__", "toString", "é"), oddValue), {
    maxLength: 1,
  });
  return fc.tuple(fc.tuple(...members), fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, more))
    .map(([own, other]) => objectText([...own.flat(), ...other]));
}
