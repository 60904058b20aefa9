import assert from "node:assert/strict";
import { type Attempt, hedge } from "../../src/chain/hedge.ts";

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Attempts that note in which order they begin. */
function record(attempts: Record<string, Attempt<string>>): { begun: string[]; all: Attempt<string>[] } {
  const begun: string[] = [];
  const all = Object.entries(attempts).map(([name, attempt]): Attempt<string> => (context) => {
    begun.push(name);
    return attempt(context);
  });
  return { begun, all };
}

Deno.test("hedge() makes the next attempt only when one has failed or stalled", async () => {
  const { begun, all } = record({
    fails: () => Promise.resolve(null),
    works: () => Promise.resolve("good"),
    unused: () => Promise.resolve("too much"),
  });
  assert.equal((await hedge(all))?.value, "good");
  assert.deepEqual(begun, ["fails", "works"]);
});

Deno.test("hedge() takes the first result, tells the others, and discards what comes late", async () => {
  const discarded: string[] = [];
  let wasTold = false;
  const { all } = record({
    slow: async ({ signal, stalled }) => {
      stalled();
      signal.addEventListener("abort", () => wasTold = true);
      await after(20);
      return "late";
    },
    quick: () => Promise.resolve("quick"),
  });
  const found = await hedge(all, (late) => Promise.resolve(void discarded.push(late)));
  assert.equal(found?.value, "quick");
  assert.equal(wasTold, true);
  await found.othersEnded;
  assert.deepEqual(discarded, ["late"]);
});

Deno.test("hedge() keeps a stalled attempt in the race when those after it fail", async () => {
  const { begun, all } = record({
    slow: async ({ stalled }) => {
      stalled();
      stalled();
      await after(10);
      return "slow but good";
    },
    fails: () => Promise.resolve(null),
    failsToo: () => Promise.resolve(null),
  });
  assert.equal((await hedge(all))?.value, "slow but good");
  assert.deepEqual(begun, ["slow", "fails", "failsToo"]);
});

Deno.test("hedge() ends with null when all attempts failed, the stalled ones last", async () => {
  assert.equal(await hedge([]), null);
  const { all } = record({
    slow: async ({ stalled }) => {
      stalled();
      await after(10);
      return null;
    },
    fails: () => Promise.resolve(null),
  });
  assert.equal(await hedge(all), null);
});

Deno.test("hedge() passes on what an attempt throws, and tells the others", async () => {
  let wasTold = false;
  const { all } = record({
    slow: async ({ signal, stalled }) => {
      signal.addEventListener("abort", () => wasTold = true);
      stalled();
      await after(10);
      return null;
    },
    breaks: () => Promise.reject(new Error("no use to go on")),
  });
  await assert.rejects(hedge(all), /no use to go on/);
  assert.equal(wasTold, true);
});
