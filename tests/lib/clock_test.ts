import assert from "node:assert/strict";
import { HostClock } from "../../src/lib/clock.ts";

const START_MS = Date.UTC(2026, 10, 27);

/** A host whose clock a test sets. */
class Host {
  monotonicMs = 5_000;
  setMs = 0;
  readonly clock: HostClock;

  constructor(readonly startMs = START_MS) {
    this.clock = new HostClock(() => this.startMs + this.monotonicMs + this.setMs, () => this.monotonicMs);
  }
}

for (const hours of [-10, 10]) {
  Deno.test(`steadyMs() of HostClock goes on when the host's clock steps by ${hours} h`, () => {
    const host = new Host();
    const before = host.clock.steadyMs();
    host.setMs = hours * 3_600_000;
    host.monotonicMs += 1_500;
    assert.equal(host.clock.steadyMs(), before + 1_500);
    assert.equal(host.clock.correctionMs, hours * 3_600_000);
    assert.equal(host.clock.wallMs(before), START_MS + 5_000 + hours * 3_600_000);
  });
}

Deno.test("wallMs() of HostClock corrects times from before the clock of a host that began in 1970 was set", () => {
  const host = new Host(0);
  const seenMs = host.clock.steadyMs();
  assert.equal(host.clock.wallMs(seenMs), seenMs);
  host.monotonicMs += 60_000;
  host.setMs = START_MS;
  assert.equal(host.clock.wallMs(seenMs), START_MS + seenMs);
  assert.equal(host.clock.wallMs(host.clock.steadyMs()) - host.clock.wallMs(seenMs), 60_000);
});

Deno.test("wallMs() of HostClock gives the same time for a moment while the clocks differ by less than a second", () => {
  const host = new Host();
  const seenMs = host.clock.steadyMs();
  for (const setMs of [0.3, -0.7, 400, 999, -999]) {
    host.setMs = setMs;
    assert.equal(host.clock.wallMs(seenMs), seenMs);
  }
  host.setMs = 1_000;
  assert.equal(host.clock.wallMs(seenMs), seenMs + 1_000);
  host.setMs = 1_900;
  assert.equal(host.clock.wallMs(seenMs), seenMs + 1_000);
});
