import assert from "node:assert/strict";
import { WorkQueue } from "../../src/lib/work_queue.ts";

/** A queue whose items the test finishes one by one. */
function scriptedQueue(): { queue: WorkQueue<string>; log: string[]; finish: () => Promise<void> } {
  const log: string[] = [];
  let gate = Promise.withResolvers<void>();
  const queue = new WorkQueue<string>({
    work: async (item) => {
      log.push(`begins ${item}`);
      await gate.promise;
    },
    maxWaiting: 2,
    onDropped: (item) => log.push(`drops ${item}`),
  });
  const finish = async (): Promise<void> => {
    const { resolve } = gate;
    gate = Promise.withResolvers();
    resolve();
    await new Promise((next) => setTimeout(next));
  };
  return { queue, log, finish };
}

Deno.test("WorkQueue works on one item at a time, and drops the oldest when too many wait", async () => {
  const { queue, log, finish } = scriptedQueue();
  for (const item of ["a", "b", "c", "d"]) queue.add(item);
  assert.deepEqual(log, ["begins a", "drops b"]);
  await finish();
  await finish();
  assert.deepEqual(log, ["begins a", "drops b", "begins c", "begins d"]);
  const settled = queue.settled();
  await finish();
  await settled;
  queue.add("e");
  assert.equal(log.at(-1), "begins e");
  await finish();
});

Deno.test("WorkQueue drops the waiting items on clear(), and finishes the current one", async () => {
  const { queue, log, finish } = scriptedQueue();
  for (const item of ["a", "b", "c"]) queue.add(item);
  assert.deepEqual(queue.clear(), ["b", "c"]);
  const settled = queue.settled();
  await finish();
  await settled;
  assert.deepEqual(log, ["begins a"]);
});
