import assert from "node:assert/strict";
import fc from "fast-check";
import { classify } from "../../../src/delivery/proxies/torn_write.ts";
import { NEW, OLD, torn } from "./interrupted_write.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function classifyText(content: string, before: string, after: string): string {
  return classify(bytes(content), bytes(before), bytes(after));
}

Deno.test("classify() knows every state that a killed write leaves", () => {
  const grows = [OLD, NEW] as const;
  const shrinks = [NEW, OLD] as const;
  const stays = [NEW, NEW.replace("450", "900")] as const;
  for (const [before, after] of [grows, shrinks, stays]) {
    for (let count = 0; count <= after.length; count++) {
      const content = torn(before, after, count);
      const expected = content === before ? "old" : content === after ? "new" : "torn";
      assert.equal(classifyText(content, before, after), expected, content);
    }
  }
});

Deno.test("classify() takes an edit by hand for foreign", () => {
  const [before, after] = [OLD, NEW];
  for (const content of [before, after]) {
    assert.equal(classifyText("# operator\n" + content, before, after), "foreign");
    assert.equal(classifyText(content + "# operator\n", before, after), "foreign");
    assert.equal(classifyText(content.replace("# b", "# c"), before, after), "foreign");
    assert.equal(classifyText(content.replace("# a\n", ""), before, after), "foreign");
    assert.equal(classifyText(content.replace("\n", "\r\n"), before, after), "foreign");
  }
  assert.equal(classifyText(before.slice(0, -1), before, after), "foreign");
  assert.equal(classifyText("", before, after), "foreign");
  assert.equal(classifyText("\0".repeat(40), before, after), "foreign");
});

Deno.test("classify() recognises a power cut: any mix of old, new and unwritten blocks", () => {
  const block = 512;
  const content = fc.uint8Array({ minLength: 1, maxLength: 8 * block });
  fc.assert(
    fc.property(
      content,
      content,
      fc.array(fc.nat(2), { minLength: 8, maxLength: 8 }),
      (before, after, pick) => {
        const result = new Uint8Array(Math.max(before.length, after.length));
        pick.forEach((choice, index) => {
          const range = [index * block, (index + 1) * block] as const;
          // 2: a block that the file was given and that was not filled; only what the write appends can be so.
          const source = choice === 1
            ? after
            : choice === 0 || range[0] < before.length
            ? before
            : new Uint8Array();
          if (range[0] < result.length) result.set(source.subarray(...range), range[0]);
        });
        assert.notEqual(classify(result, before, after), "foreign");
      },
    ),
  );
});

Deno.test("classify() takes a random other content for foreign", () => {
  const content = fc.uint8Array({ minLength: 20, maxLength: 2000, min: 1, max: 9 });
  fc.assert(fc.property(content, content, content, (mine, before, after) => {
    fc.pre(mine.some((byte, index) => byte !== before[index] && byte !== after[index]));
    assert.equal(classify(mine, before, after), "foreign");
  }));
});
