import assert from "node:assert/strict";
import { within } from "../../src/lib/within.ts";

Deno.test("within() returns true for work done in time, and leaves no timer", async () => {
  assert.equal(await within(60_000, Promise.resolve("done")), true);
});

Deno.test("within() returns false for work that takes longer, and ignores its later rejection", async () => {
  const work = Promise.withResolvers<void>();
  assert.equal(await within(1, work.promise), false);
  work.reject(new Error("too late"));
  await new Promise((resolve) => setTimeout(resolve));
});

Deno.test("within() throws what the work rejects with in time", async () => {
  await assert.rejects(within(60_000, Promise.reject(new Error("broken"))), { message: "broken" });
});
