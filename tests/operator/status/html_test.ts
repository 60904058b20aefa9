import assert from "node:assert/strict";
import fc from "fast-check";
import { html } from "../../../src/operator/status/html.ts";

Deno.test("html() lets no text that is put in become markup, in content or in an attribute", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."<>&\"'` =/abscript") }), (text) => {
    const { text: made } = html`
      <a title="${text}">${text}</a>
    `;
    const [, attribute, content] = /^\s*<a title="([^"]*)">([^]*)<\/a>\s*$/.exec(made) ?? [];
    for (const part of [attribute, content]) {
      assert.doesNotMatch(part ?? "<", /[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
    }
  }));
});

Deno.test("html() takes HTML of its own as it is, lists one after the other, and nothing for null and false", () => {
  const list = [1, 2].map((n) =>
    html`
      <b>${n}</b>
    `
  );
  assert.match(
    html`
      <i>${list}${null}${false}${0}</i>
    `.text,
    /^\s*<i>\s*<b>1<\/b>\s*<b>2<\/b>\s*0<\/i>\s*$/,
  );
});
