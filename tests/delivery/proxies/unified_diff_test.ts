import assert from "node:assert/strict";
import fc from "fast-check";
import { unifiedDiff } from "../../../src/delivery/proxies/unified_diff.ts";

/** What `patch` does. */
function applyDiff(before: string, diff: string): string {
  const from = before.split(/(?<=\n)/);
  let x = 0;
  let result = "";
  for (const line of diff.split(/(?<=\n)/).slice(2)) {
    const header = /^@@ -(\d+),(\d+) \+\d+,\d+ @@/.exec(line);
    if (header !== null) {
      const start = Number(header[1]) - (header[2] === "0" ? 0 : 1);
      while (x < start) result += from[x++];
    } else if (line.startsWith("\\")) {
      result = result.replace(/\n$/, "");
    } else if (line.startsWith("+")) {
      result += line.slice(1);
    } else {
      if (line.startsWith(" ")) result += from[x];
      x++;
    }
  }
  while (x < from.length) result += from[x++];
  return result;
}

Deno.test("unifiedDiff() shows a change with three lines of context", () => {
  const lines = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
  const before = lines.join("\n") + "\n";
  const after = before.replace("e\n", "E\n");
  assert.equal(
    unifiedDiff(before, after, "p"),
    "--- p\n+++ p\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n",
  );
});

Deno.test("unifiedDiff() is empty for equal texts", () => {
  assert.equal(unifiedDiff("a\n", "a\n", "p"), "");
});

Deno.test("unifiedDiff() marks a missing final newline, and hides carriage returns", () => {
  assert.equal(
    unifiedDiff("a\r\nb", "a\r\nc", "p"),
    "--- p\n+++ p\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n",
  );
});

Deno.test("unifiedDiff() parts distant changes into hunks and joins near ones", () => {
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index}\n`);
  const changed = (...at: number[]): string =>
    lines.map((l, i) => at.includes(i) ? `new ${i}\n` : l).join("");
  const hunks = (diff: string): number => diff.match(/^@@/gm)?.length ?? 0;
  assert.equal(hunks(unifiedDiff(lines.join(""), changed(5, 30), "p")), 2);
  assert.equal(hunks(unifiedDiff(lines.join(""), changed(5, 11), "p")), 1);
});

Deno.test("unifiedDiff() gives the new text when applied to the old", () => {
  const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "\n"), { maxLength: 25 }).map((lines) =>
    lines.join("")
  );
  fc.assert(fc.property(text, text, (before, after) => {
    fc.pre(before !== after);
    assert.equal(applyDiff(before, unifiedDiff(before, after, "p")), after);
  }));
});
