import assert from "node:assert/strict";
import { install } from "@sinonjs/fake-timers";
import { ReloadRetrier } from "../../src/agent/reload_retrier.ts";

Deno.test("note() of ReloadRetrier retries after 2, 4, 8, … seconds, at most a minute apart, until it succeeds", () => {
  const clock = install({ now: 0, toFake: ["setTimeout", "clearTimeout"] });
  try {
    const triesMs: number[] = [];
    let failures = 8;
    const retrier: ReloadRetrier = new ReloadRetrier(() => {
      triesMs.push(clock.now);
      retrier.note(--failures > 0);
    });
    retrier.note(true);
    clock.tick(600_000);
    const gaps = triesMs.map((ms, i) => (ms - (triesMs[i - 1] ?? 0)) / 1000);
    assert.deepEqual(gaps, [2, 4, 8, 16, 32, 60, 60, 60]);

    failures = 1;
    retrier.note(true);
    clock.tick(2_000);
    assert.equal(triesMs.length, 9, "begins at 2 s again");
  } finally {
    clock.uninstall();
  }
});

Deno.test("note() of ReloadRetrier waits for one retry at a time, and stops after a success elsewhere or on stop()", () => {
  const clock = install({ now: 0, toFake: ["setTimeout", "clearTimeout"] });
  try {
    let tries = 0;
    const retrier = new ReloadRetrier(() => tries++);
    retrier.note(true);
    retrier.note(true);
    clock.tick(2_000);
    assert.equal(tries, 1);

    retrier.note(true);
    retrier.note(false);
    clock.tick(600_000);
    assert.equal(tries, 1);

    retrier.note(true);
    retrier.stop();
    retrier.note(true);
    clock.tick(600_000);
    assert.equal(tries, 1);
  } finally {
    clock.uninstall();
  }
});
