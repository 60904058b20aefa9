import assert from "node:assert/strict";
import fc from "fast-check";
import { type Family, family, type FamilyOptions, unlessRefused, unlessRejected } from "./family.ts";
import { findText, tableOf, tryFamily } from "./run.ts";

class KnownError extends Error {}

function numbers(check: (value: number) => void | Promise<void>, limitMs?: number): Family {
  const options: FamilyOptions<number> = {
    name: "numbers",
    holds: "nothing",
    sample: 1,
    cases: fc.nat(1000),
    check,
    ...(limitMs === undefined ? {} : { limitMs }),
  };
  return family(options);
}

Deno.test("a family without a find tries all cases, the same for the same seed", async () => {
  const tried: number[][] = [];
  for (const seed of [7, 7, 8]) {
    const values: number[] = [];
    const tally = await tryFamily(numbers((value) => void values.push(value)), { seed, cases: 450 });
    assert.equal(tally.cases, 450);
    assert.deepEqual(tally.finds, []);
    tried.push(values);
  }
  assert.deepEqual(tried[0], tried[1]);
  assert.notDeepEqual(tried[0], tried[2]);
});

Deno.test("a find carries its seed and the smallest case, and ends the family after three of them", async () => {
  const failing = numbers((value) => assert.ok(value < 17, "too large"));
  const { finds, cases } = await tryFamily(failing, { seed: 3, cases: 10_000 });
  assert.equal(finds.length, 3);
  assert.ok(cases < 10_000);
  assert.equal(finds[0]!.shrunk, "17");
  assert.match(
    findText("numbers", finds[0]!),
    /^FOUND in numbers: too large\n {2}case: 17\n {2}again: deno task fuzz --family numbers --seed 3 --cases 200$/,
  );
  const again = await tryFamily(failing, { seed: finds[0]!.seed, cases: 200 });
  assert.deepEqual(again.finds[0], finds[0]);
});

Deno.test("a case that computes or waits for too long is a find", async () => {
  const spin = (value: number): void => {
    const endMs = performance.now() + 200;
    while (value > 500 && performance.now() < endMs);
  };
  const computing = await numbers(spin, 50).run({ seed: 1, cases: 20 });
  assert.match(computing.find!.error.message, /^it takes \d+ ms of the processor, more than 50$/);
  const wait = (value: number): Promise<void> =>
    value > 500 ? new Promise((resolve) => setTimeout(resolve, 100)) : Promise.resolve();
  const waiting = await numbers(wait, 5).run({ seed: 1, cases: 20 });
  // The processor's time is the process's, in which other tests run, too.
  assert.match(
    waiting.find!.error.message,
    /^it takes \d+ ms( of the processor, more than 5|, more than 75)$/,
  );
});

Deno.test("only errors of the named classes are refusals", async () => {
  const known = (): never => {
    throw new KnownError("told");
  };
  const foreign = (): never => {
    throw new TypeError("not told");
  };
  assert.equal(unlessRefused([KnownError], known), null);
  assert.equal(await unlessRejected([KnownError], Promise.reject(new KnownError("told"))), null);
  assert.equal(unlessRefused([KnownError], () => 5), 5);
  assert.throws(
    () => unlessRefused([KnownError], foreign),
    /an error of another class came out: TypeError: not told/,
  );
  const endless = (): never => {
    throw new KnownError("x".repeat(30_000));
  };
  assert.throws(() => unlessRefused([KnownError], endless), /the error has 30000 characters/);
});

Deno.test("the table has a row for each family, also for one that is not tried", () => {
  const find = { seed: 1, shrunk: "1", error: new Error("x") };
  const table = tableOf([
    { name: "a", cases: 1000, seconds: 1.26, finds: [find], missing: null },
    { name: "longer", cases: 0, seconds: 0, finds: [], missing: "no such file" },
  ]);
  assert.deepEqual(table.split("\n").map((line) => line.trim().split(/ {2,}/)), [
    ["family", "cases", "seconds", "finds"],
    ["a", "1000", "1.3", "1"],
    ["longer", "0", "0.0", "not tried: no such file"],
  ]);
});
