/**
 * `pools.toml` of InfiniteHash Proxy (spec, section 6).
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { RoutingError } from "../../src/delivery/proxies/errors.ts";
import { editPools } from "../../src/delivery/proxies/ihp.ts";
import type { FileEdit } from "../../src/delivery/proxies/file_edit.ts";
import { isTable, TomlError, type TomlTable } from "../../src/lib/toml.ts";
import { family, unlessRefused } from "./family.ts";
import { mutatedText } from "./mutation.ts";
import { checkEdit, checkRest, dataOf, sizes, sizeTexts } from "./proxy_file.ts";
import { blank, comment, layout, note, otherRow, TOML_PIECES } from "./toml_text.ts";

const SUBNET = "subnet";
const OWN_KEYS = ["weight", "target_hashrate"];

const quotedKey = (name: string): fc.Arbitrary<string> =>
  fc.constantFrom(name, name, `"${name}"`, `'${name}'`);

function ownRow(name: string, values: readonly string[]): fc.Arbitrary<{ name: string; text: string }> {
  return fc.tuple(blank, quotedKey(name), blank, blank, fc.constantFrom(...values), comment).map(
    ([indent, key, before, after, value, end]) => ({
      name,
      text: `${indent}${key}${before}=${after}${value}${end}`,
    }),
  );
}

const nameRow = ownRow("name", ['"subnet"', "'subnet'", '" SubNet"', '"private"', '"""subnet"""', "5"]);
const weightRow = ownRow("weight", ["1", "7", "1.5", '"3"', "0x10", "-1"]);
const targetRow = ownRow("target_hashrate", ['"9TH/s"', "'450TH/s'", '"0TH/s"', "4", '"1 # PH/s"']);

const row = fc.oneof(
  { weight: 3, arbitrary: otherRow },
  { weight: 2, arbitrary: nameRow },
  { weight: 2, arbitrary: weightRow },
  { weight: 2, arbitrary: targetRow },
);
const rows = fc.uniqueArray(row, { maxLength: 6, selector: ({ name }) => name });

const section = fc.tuple(rows, fc.array(note, { maxLength: 4 })).map(([written, notes]) =>
  written.flatMap(({ text }, i) => [...notes.slice(i, i + 1), text])
);

/** Pools under headers of their own. */
const underHeaders = fc.tuple(
  rows.map((written) => written.map(({ text }) => text)),
  fc.array(fc.tuple(blank, comment, section), { minLength: 1, maxLength: 4 }),
  fc.constantFrom<readonly string[]>([], ["[server]", "weight = 1 # keep"], [
    "[[pools.backup]]",
    "name = 'subnet'",
  ]),
).map(([top, pools, other]) => [
  ...top,
  ...other,
  ...pools.flatMap(([indent, end, lines]) => [`${indent}[[pools.main]]${end}`, ...lines]),
]);

/** Rows that fit on one line in braces. */
const inlineRow = fc.oneof(
  fc.constantFrom("host = 'a'", "port = 3333", '"x y" = [1, 2]', "t = { weight = 1 }").map((text) => ({
    name: text.split(" =")[0]!,
    text,
  })),
  fc.constantFrom(
    ["name", "name = 'subnet'"],
    ["name", 'name="private"'],
    ["weight", "weight = 1"],
    ["weight", '"weight"=2'],
    ["target_hashrate", 'target_hashrate = "9TH/s"'],
  ).map(([name, text]) => ({ name: name!, text: text! })),
);

const inlinePool = fc.tuple(
  fc.uniqueArray(inlineRow, { maxLength: 5, selector: ({ name }) => name }),
  fc.constantFrom(["{ ", ", ", " }"], ["{", ",", "}"], ["{\n  ", ",\n  ", "\n}"], [
    "{\n  ",
    ", # c\n  ",
    " # d\n}",
  ]),
).map(([written, [open, between, close]]) => open + written.map(({ text }) => text).join(between) + close);

/** Pools as a list in brackets. */
const inBrackets = fc.tuple(
  fc.array(inlinePool, { maxLength: 3 }),
  fc.constantFrom(["[", ", ", "]"], ["[\n", ", # next\n", "\n]"], ["[ ", ",\n", ",\n]"]),
  fc.constantFrom("[pools]\nmain = ", "pools.main = ", "[pools]\nx = 1\n'main'="),
).map(([pools, [open, between, close], head]) => // A comma needs something before it.
[head + open + pools.join(between) + (pools.length === 0 ? "]" : close)]);

const wellFormed = fc.tuple(fc.oneof({ weight: 3, arbitrary: underHeaders }, inBrackets), layout)
  .map(([lines, write]) => write(lines));

function edit(text: string, wonTh: readonly number[], share?: number): FileEdit {
  return editPools(text, {
    subnetPoolName: SUBNET,
    wonSizes: sizeTexts(wonTh),
    ...(share === undefined ? {} : { share }),
  });
}

/** What the file's data must become: stated without the editor. */
function wantedData(before: string, wonTh: readonly number[]): TomlTable {
  const data = dataOf(before);
  const { main } = data["pools"] as { main: unknown[] };
  for (const pool of main) {
    const name = isTable(pool) ? pool["name"] : undefined;
    if (!isTable(pool) || typeof name !== "string" || name.trim().toLowerCase() !== SUBNET) continue;
    delete pool["weight"];
    pool["target_hashrate"] = `${wonTh.reduce((sum, size) => sum + size, 0)}TH/s`;
  }
  return data;
}

function checkPools(before: string, wonTh: readonly number[]): FileEdit | null {
  const edited = unlessRefused([TomlError, RoutingError], () => edit(before, wonTh));
  if (edited === null) return null;
  checkEdit(before, edited, { wanted: wantedData(before, wonTh), again: (text) => edit(text, wonTh) });
  return edited;
}

/** Files that the proxy accepts. */
export const poolFiles = family({
  name: "pools",
  holds: "a well-formed pools.toml keeps all but the subnet's target_hashrate and weight",
  sample: 60,
  cases: fc.record({ before: wellFormed, wonTh: sizes }),
  check: ({ before, wonTh }) => {
    dataOf(before);
    const edited = unlessRefused([RoutingError], () => edit(before, wonTh));
    if (edited === null) return;
    assert.ok(checkPools(before, wonTh) !== null);
    checkRest(before, edited.after, OWN_KEYS);
  },
});

/** Our keys in forms that no proxy takes, but that TOML allows. */
const odd = fc.constantFrom(
  "[[pools.main]]\nname = 'subnet'\n[pools.main.weight]\na = 1 # c\n",
  "[[pools.main]]\nname = 'subnet'\nweight.a = 1\nweight.b = 2\n# end\n",
  "[[pools.main]]\nname = 'subnet'\n[[pools.main.weight]]\n[[pools.main.target_hashrate]]\n",
  "[[pools.main]]\ntarget_hashrate.a.b = 1\nname = 'subnet'\nweight = 2",
  "pools = { main = [ { name = 'subnet', weight.a = 1, target_hashrate.b = 2 } ] }",
  "pools.main = [ [ 1 ], { name = 'subnet' }, 5, { name.a = 1 }, { name = 'subnet', weight = [ 1,\n2 ] } ]",
  '[[pools.main]]\n[[pools.main]]\nname = "subnet"\ntarget_hashrate = """\n9TH/s\n""" # c\n[pools]\nx = 1',
);

/** Files with mistakes. */
export const brokenPoolFiles = family({
  name: "pools-broken",
  holds: "a damaged pools.toml is refused with TomlError or RoutingError, or edited to the right data",
  sample: 60,
  cases: fc.record({ before: mutatedText(fc.oneof(wellFormed, odd), TOML_PIECES), wonTh: sizes }),
  check: ({ before, wonTh }) => void checkPools(before, wonTh),
});
