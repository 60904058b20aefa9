/** Holds the table in docs/limits.md against the code. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The numbers of the protocol, which are no limits of ours but for one, and where they are tried. */
const PROTOCOL = "src/auction/protocol/";
/** Exported numbers named `MAX_…` that bound no foreign data: judgements of what was read well. */
const JUDGEMENTS = ["MAX_HASHRATE_PH", "MAX_CLOCK_DIFFERENCE_SECONDS"];

interface Row {
  readonly limit: string;
  readonly constant: string;
  readonly source: string;
  readonly test: string;
}

async function rows(): Promise<Row[]> {
  const text = await Deno.readTextFile(`${ROOT}docs/limits.md`);
  return [...text.matchAll(/^\| [^|]+\| ([^|]+?) +\| `([A-Z_]+)` +\| `([^`|]+)` +\| `([^`|]+)` +\|$/gm)]
    .map(([, limit, constant, source, test]) => ({
      limit: limit!,
      constant: constant!,
      source: source!,
      test: test!,
    }));
}

/** `16 KiB`, `5 s`, `64 Ki`, `500`: as the table writes the value of a constant, whose name says the unit. */
function written(constant: string, value: number): string {
  if (constant.endsWith("_MS")) return `${value / 1000} s`;
  const isBytes = constant.endsWith("_BYTES");
  for (const [size, prefix] of [[1024 ** 2, "Mi"], [1024, "Ki"]] as const) {
    const isUnit = isBytes || constant.endsWith("_CHARACTERS");
    if (isUnit && value >= size && value % size === 0) {
      return `${value / size} ${prefix}${isBytes ? "B" : ""}`;
    }
  }
  return isBytes ? `${value} B` : String(value);
}

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(`${ROOT}${folder}`)) {
    if (isDirectory) yield* sources(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

Deno.test("docs/limits.md gives the value of each limit, and a test that knows it", async () => {
  const all = await rows();
  assert.ok(all.length > 25, `only ${all.length} rows were found`);
  const unknown: string[] = [];
  for (const { limit, constant, source, test } of all) {
    const { [constant]: value } = await import(`../${source}`);
    assert.equal(limit, written(constant, value), constant);
    const text = await Deno.readTextFile(`${ROOT}${test}`);
    const known = [constant, String(value), String(value).replace(/\B(?=(\d{3})+$)/g, "_"), limit];
    if (!known.some((word) => text.includes(word))) unknown.push(`${test} does not know ${constant}`);
  }
  assert.deepEqual(unknown, []);
});

Deno.test("docs/limits.md has every exported limit", async () => {
  const listed = new Set((await rows()).map(({ source, constant }) => `${source} ${constant}`));
  const missing: string[] = [];
  for await (const source of sources("src/")) {
    if (source.startsWith(PROTOCOL) || source.startsWith("src/simulator/")) continue;
    const text = await Deno.readTextFile(`${ROOT}${source}`);
    for (const [, constant = ""] of text.matchAll(/^export const (MAX_[A-Z_]+|HTTP_\w+_TIMEOUT_MS) = /gm)) {
      if (JUDGEMENTS.includes(constant)) continue;
      if (!listed.has(`${source} ${constant}`)) missing.push(`${constant} of ${source}`);
    }
  }
  assert.deepEqual(missing, []);
});
