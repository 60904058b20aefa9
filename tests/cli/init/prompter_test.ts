import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { createPrompter } from "../../../src/cli/init/prompter.ts";

Deno.test("warn() breaks its lines between words, within the terminal's width", () => {
  const output = Object.assign(new PassThrough(), { columns: 40 });
  const signal = new AbortController().signal;
  const longWord = `/a/path/${"that-is-longer-than-a-line".repeat(2)}`;
  createPrompter({ input: new PassThrough(), output, signal })
    .warn(
      `ok    proxy    the first line of the notice is too long for this terminal\n${longWord} is one word`,
    );
  // deno-lint-ignore no-control-regex -- colours begin with a control character
  const shown = String(output.read()).replaceAll(/\x1b\[\d+m/g, "");
  // Without the line at the left.
  const lines = shown.split("\n").map((line) => line.replace(/^.( {2}|$)/, ""));
  assert.deepEqual(lines.slice(1), [
    "ok    proxy    the first line of the",
    "notice is too long for this terminal",
    longWord,
    "is one word",
    "",
  ]);
});
