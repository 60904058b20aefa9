import assert from "node:assert/strict";
import { toDocument } from "../../src/lib/document.ts";

Deno.test("toDocument() writes keys in snake_case, bigints as text, and leaves undefined out", () => {
  const document = toDocument({
    wonCount: 2,
    budgetPh: 1.5,
    priceFp18: 10n ** 18n,
    gone: undefined,
    reason: null,
    bids: [{ sizeText: "0.45" }],
  });
  assert.deepEqual(document, {
    won_count: 2,
    budget_ph: 1.5,
    price_fp18: "1000000000000000000",
    reason: null,
    bids: [{ size_text: "0.45" }],
  });
});
