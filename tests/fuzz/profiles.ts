/**
 * `active_profile.toml` of Braiins Farm Proxy (spec, section 6).
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_GOAL_NAME, editProfile, SUBNET_GOAL_NAME } from "../../src/delivery/proxies/braiins.ts";
import { RoutingError } from "../../src/delivery/proxies/errors.ts";
import type { FileEdit } from "../../src/delivery/proxies/file_edit.ts";
import { isTable, TomlError, type TomlTable } from "../../src/lib/toml.ts";
import { family, unlessRefused } from "./family.ts";
import { mutatedText } from "./mutation.ts";
import { checkEdit, checkRest, dataOf, sizes, sizeTexts } from "./proxy_file.ts";
import { blank, comment, layout, note, otherRow, TOML_PIECES } from "./toml_text.ts";

const WHOLE = 2n ** 32n;

const weightRow = fc.tuple(
  blank,
  fc.constantFrom("hr_weight", "hr_weight", '"hr_weight"', "'hr_weight'"),
  fc.constantFrom("1", "9", "0", "4294967296", "1.5", '"3"', "4_294_967_296", "0x10"),
  comment,
).map(([indent, key, value, end]) => ({ name: "hr_weight", text: `${indent}${key} = ${value}${end}` }));

const rows = fc.uniqueArray(
  fc.oneof({ weight: 2, arbitrary: otherRow }, { weight: 1, arbitrary: weightRow }),
  { maxLength: 4, selector: ({ name }) => name },
).map((written) => written.map(({ text }) => text));

const goalName = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(`"${SUBNET_GOAL_NAME}"`, `'${DEFAULT_GOAL_NAME}'`) },
  { weight: 1, arbitrary: fc.constantFrom('"Other"', "5", '""', `"${SUBNET_GOAL_NAME.toLowerCase()}"`) },
);

const goal = fc.tuple(goalName, rows, rows, fc.array(note, { maxLength: 3 }), comment, fc.boolean()).map(
  ([name, above, below, notes, end, hasLevel]) => {
    const names = new Set<string>();
    // One table has each key once.
    const unique = [...above, `name = ${name}`, ...below].filter((text) => {
      const key = text.split("=")[0]!.trim().replace(/^(["'])(.*)\1$/, "$2");
      return !names.has(key) && names.add(key);
    });
    return [
      `[[routing.goal]]${end}`,
      ...notes,
      ...unique,
      ...(hasLevel ? ["[[routing.goal.level]]", 'targets = ["T1"] # t'] : []),
    ];
  },
);

const underHeaders = fc.tuple(
  fc.array(goal, { maxLength: 5 }),
  fc.constantFrom(["[[routing]]", "from = ['S1']"], [
    "[[server]]",
    "hr_weight = 1 # keep",
    "",
    "[[routing]]",
  ]),
  fc.array(fc.tuple(fc.nat(5), fc.constant(["[[routing]]", "# second"])), { maxLength: 1 }),
).map(([goals, head, more]) => {
  const parts = [...goals];
  for (const [at, lines] of more) parts.splice(at, 0, [...lines]);
  return [...head, ...parts.flat()];
});

const inlineGoal = fc.tuple(
  goalName,
  fc.constantFrom("", ", hr_weight = 1", ', "hr_weight"=2', ", x = 'y', hr_weight = 3, z = []"),
  fc.boolean(),
).map(([name, weight, isFirst]) =>
  isFirst || weight === "" ? `{ name = ${name}${weight} }` : `{${weight.slice(1)}, name = ${name} }`
);

const inBraces = fc.tuple(
  fc.array(inlineGoal, { maxLength: 4 }),
  fc.constantFrom(["[", ", ", "]"], ["[ # goals\n", ", # next\n", "\n]"]),
  fc.constantFrom(["routing = [ { goal = ", " } ]"], ["[[routing]]\ngoal = ", "\n# end"]),
).map(([goals, [open, between, close], [head, tail]]) => [
  `${head}${goals.length === 0 ? "[]" : open + goals.join(between) + close}${tail}`,
]);

const wellFormed = fc.tuple(fc.oneof({ weight: 3, arbitrary: underHeaders }, inBraces), layout)
  .map(([lines, write]) => write(lines));

interface Case {
  readonly before: string;
  readonly wonTh: readonly number[];
  readonly lostTh: readonly number[];
}

const caseOf = (before: fc.Arbitrary<string>): fc.Arbitrary<Case> =>
  fc.record({ before, wonTh: sizes, lostTh: sizes });

function edit(before: string, { wonTh, lostTh }: Omit<Case, "before">): FileEdit {
  return editProfile(before, { wonSizes: sizeTexts(wonTh), lostSizes: sizeTexts(lostTh) });
}

function goalsOf(data: TomlTable): TomlTable[] {
  const list = (value: unknown): TomlTable[] => Array.isArray(value) ? value.filter(isTable) : [];
  return list(data["routing"]).flatMap((route) => list(route["goal"]));
}

function checkProfile(
  { before, ...sizes }: Case,
  refusals: Parameters<typeof unlessRefused>[0],
): FileEdit | null {
  const edited = unlessRefused(refusals, () => edit(before, sizes));
  if (edited === null) return null;
  const total = [...sizes.wonTh, ...sizes.lostTh].reduce((sum, size) => sum + size, 0);
  if (total === 0) {
    assert.deepEqual(edited, { changed: false, after: before, values: [], skipped: "no-hashrate" });
    return edited;
  }
  const first = (data: TomlTable, wanted: string): TomlTable =>
    goalsOf(data).find(({ name }) => name === wanted) ?? assert.fail(`no goal ${wanted}, and no error`);
  const wanted = dataOf(before);
  const written = dataOf(edited.after);
  const weights = [SUBNET_GOAL_NAME, DEFAULT_GOAL_NAME].map((name) => {
    const weight = first(written, name)["hr_weight"];
    first(wanted, name)["hr_weight"] = weight;
    return BigInt(Number(weight));
  });
  assert.equal(weights[0]! + weights[1]!, WHOLE, "the weights do not add up to 2^32");
  const won = BigInt(sizes.wonTh.reduce((sum, size) => sum + size, 0));
  // The doubles in which proxies' tools compute may round the other way than the integers.
  const apart = weights[0]! * BigInt(total) - WHOLE * won;
  assert.ok(
    apart <= BigInt(total) && -apart <= BigInt(total),
    "the weights are not in the ratio of won to lost",
  );
  checkEdit(before, edited, { wanted, again: (text) => edit(text, sizes) });
  return edited;
}

/** Files that the proxy accepts. */
export const profileFiles = family({
  name: "profiles",
  holds: "a well-formed active_profile.toml keeps all but the weights of the two goals",
  sample: 60,
  cases: caseOf(wellFormed),
  check: (value) => {
    dataOf(value.before);
    const edited = checkProfile(value, [RoutingError]);
    if (edited !== null) checkRest(value.before, edited.after, ["hr_weight"]);
  },
});

/** Files with mistakes. */
export const brokenProfileFiles = family({
  name: "profiles-broken",
  holds:
    "a damaged active_profile.toml is refused with TomlError or RoutingError, or edited to the right data",
  sample: 60,
  cases: caseOf(mutatedText(wellFormed, TOML_PIECES)),
  check: (value) => void checkProfile(value, [TomlError, RoutingError]),
});
