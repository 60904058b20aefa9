import assert from "node:assert/strict";
import { createClock } from "@sinonjs/fake-timers";
import { CronScheduler } from "../../src/agent/scheduler.ts";

/** A scheduler on a clock of the test's choice, with crons that tick when the test says so. */
function setUp(): {
  readonly scheduler: CronScheduler;
  readonly tick: (name: string) => void;
  readonly pass: (seconds: number) => void;
} {
  const clock = createClock();
  const crons = new Map<string, () => void>();
  const scheduler = new CronScheduler({
    cron: ((name: string, _schedule: string, _options: unknown, run: () => void) => {
      crons.set(name, run);
      return new Promise(() => {});
    }) as typeof Deno.cron,
    monotonicMs: () => clock.now,
    setInterval: (callback, ms) => clock.setInterval(callback, ms) as unknown as number,
    clearInterval: (timer) => clock.clearInterval(timer),
  });
  return {
    scheduler,
    tick: (name) => crons.get(name)!(),
    pass: (seconds) => void clock.tick(seconds * 1000),
  };
}

Deno.test("CronScheduler runs what a silent cron owes, and no more while it ticks", () => {
  const { scheduler, tick, pass } = setUp();
  const runs = { auction: 0, commitment: 0 };
  scheduler.schedule({ name: "auction", everyMinutes: 1, run: () => runs.auction++ });
  scheduler.schedule({ name: "commitment", everyMinutes: 5, run: () => runs.commitment++ });
  for (let minute = 1; minute <= 10; minute++) {
    pass(60);
    tick("auction");
    if (minute % 5 === 0) tick("commitment");
  }
  assert.deepEqual(runs, { auction: 10, commitment: 2 });
  // The clock steps back by an hour: the crons are silent.
  pass(69);
  assert.equal(runs.auction, 10);
  pass(1);
  assert.equal(runs.auction, 11);
  pass(59 * 60 - 10);
  assert.deepEqual(runs, { auction: 10 + 51, commitment: 2 + 11 });
  // The old time is reached.
  tick("auction");
  pass(60);
  tick("auction");
  assert.equal(runs.auction, 10 + 51 + 2);
  scheduler.stop();
  pass(3_600);
  assert.equal(runs.auction, 10 + 51 + 2);
});
