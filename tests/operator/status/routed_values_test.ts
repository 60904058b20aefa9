import assert from "node:assert/strict";
import { routedWords } from "../../../src/operator/status/routed_values.ts";
import { BRAIINS_VALUES } from "./fake_agent.ts";

Deno.test("routedWords() shows weights as shares, and what they were where they were weights", () => {
  const [subnet, rest] = BRAIINS_VALUES;
  const words = routedWords({ mode: "braiins", values: [{ ...subnet, previous: null }, rest] });
  assert.deepEqual(words.map(({ text, previous }) => [text, previous]), [
    ["37.5 %", "(not set)"],
    ["62.5 %", "4294967296"],
  ]);
  assert.equal(words[0]?.place, `${subnet.key} = 1610612736`);
});

for (const values of [[0, 0], ["1650TH/s"], [-1, 2], [null, 1]]) {
  Deno.test(`routedWords() takes ${JSON.stringify(values)} for no weights`, () => {
    const words = routedWords({
      mode: "braiins",
      values: values.map((value) => ({ key: "k", previous: value, value })),
    });
    const shown = values.map((value) => value === null ? "(not set)" : String(value));
    assert.deepEqual(words, shown.map((text) => ({ text, place: "k", previous: null })));
  });
}
