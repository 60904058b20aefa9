import assert from "node:assert/strict";
import { createClock } from "@sinonjs/fake-timers";
import type { DeliveryReport } from "../../../src/delivery/measured/delivery_report.ts";
import { DeliveryWatch } from "../../../src/delivery/measured/delivery_watch.ts";
import type { DeliveryLevel, DeliveryLimits } from "../../../src/delivery/measured/judgement.ts";
import type { DeliverySource } from "../../../src/delivery/measured/sources.ts";
import { Random } from "../../../scripts/random.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { deliveredWindow } from "./delivered_window.ts";

const WINDOWS = 100;
const LIMITS: DeliveryLimits = { warnBelow: 0.97, alertBelow: 0.95 };
const TIMEOUT_MS = 5_000;
const HOUR_MS = 3_600_000;
const WINDOW_EVENT = "Window's delivery";

/** One question to one source: when it was asked, and what came of it. */
interface Question {
  readonly atMs: number;
  readonly delayMs: number;
  /** `null`: it failed. */
  readonly hashratePh: number | null;
}

/** A window as the test brought it about. */
interface Lived {
  readonly endMs: number;
  readonly wonHashratePh: number;
  /** When measuring began: with the window, and with other sources. */
  readonly startsMs: readonly number[];
  readonly questions: readonly Question[];
}

/** What has to be said of a window, from the questions alone. */
function expectedOf({ endMs, wonHashratePh, startsMs, questions }: Lived): Partial<DeliveryReport> {
  const spans: { readonly ms: number; readonly hashratePh: number }[] = [];
  for (const [i, startMs] of startsMs.entries()) {
    const stretchEndMs = startsMs[i + 1] ?? endMs;
    let lastMs = startMs;
    const rounds = Map.groupBy(
      questions.filter(({ atMs }) => atMs > startMs && atMs < stretchEndMs),
      ({ atMs }) => atMs,
    );
    for (const [atMs, round] of rounds) {
      const atEndMs = atMs + Math.max(...round.map(({ delayMs }) => Math.min(delayMs, TIMEOUT_MS)));
      if (atEndMs > stretchEndMs) continue;
      const isWhole = round.every(({ delayMs, hashratePh }) => hashratePh !== null && delayMs < TIMEOUT_MS);
      if (isWhole) {
        const hashratePh = round.reduce((sum, question) => sum + question.hashratePh!, 0);
        spans.push({ ms: Math.min(atEndMs - lastMs, 60_000), hashratePh });
      }
      lastMs = atEndMs;
    }
  }
  const measuredMs = spans.reduce((sum, { ms }) => sum + ms, 0);
  const averagePh = measuredMs === 0
    ? null
    : spans.reduce((sum, { ms, hashratePh }) => sum + ms / measuredMs * hashratePh, 0);
  const ratio = averagePh === null || wonHashratePh === 0 ? null : averagePh / wonHashratePh;
  return { averagePh, ratio, measuredSeconds: measuredMs / 1_000, level: levelOf() };

  function levelOf(): DeliveryLevel {
    const isEnough = measuredMs >= 180_000 || measuredMs * 2 >= endMs - startsMs[0]!;
    if (wonHashratePh === 0) return isEnough && averagePh !== null && averagePh >= 0.001 ? "surplus" : "ok";
    if (ratio === null || !isEnough) return "unknown";
    return ratio < 0.95 ? "alert" : ratio < 0.97 ? "warning" : ratio > 1.03 ? "surplus" : "ok";
  }
}

Deno.test("DeliveryWatch has the averages of 100 windows right while sources fail, hang and change, and the host sleeps", async () => {
  const numbers = new Random(20_251_123);
  const random = (): number => numbers.next();
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const clock = createClock(1_700_000_000_000);
  const log = new LogRecorder();
  const finals: DeliveryReport[] = [];
  const watch = new DeliveryWatch({
    log,
    nowMs: () => clock.now,
    monotonicMs: () => clock.now,
    setTimer: (callback, delayMs) => Number(clock.setTimeout(callback, delayMs)),
    clearTimer: (timer) => clock.clearTimeout(timer),
    onReport: (report) => {
      if (report.isFinal) finals.push(report);
    },
  });
  let questions: Question[] = [];
  let active = 0;
  /** Of a window: how much of the readings fails, and what the others give. */
  let failing = 0;
  let level = 1;
  const source = (name: string): DeliverySource => ({
    key: name,
    name,
    read: async () => {
      const hashratePh = random() < failing ? null : level * (0.9 + random() / 10);
      const delayMs = random() < 0.7 ? 0 : 1 + upTo(7_000);
      questions.push({ atMs: clock.now, delayMs, hashratePh });
      active++;
      if (delayMs > 0) await new Promise((resolve) => clock.setTimeout(resolve, delayMs));
      active--;
      if (hashratePh === null) throw new Error(`off since ${clock.now}`);
      return hashratePh;
    },
  });
  const all = ["a", "b", "c"].map(source);
  let used = all.slice(2);
  watch.use({ delivered: used, credited: [] }, LIMITS);
  // The first one is not seen to begin.
  watch.follow(deliveredWindow({ firstBlock: 940, windowIndex: 5, wonHashratePh: 0 }));

  const lived: Lived[] = [];
  for (let index = 0; index < WINDOWS; index++) {
    failing = [0, 0.1, 0.5, 1][upTo(4)]!;
    level = [0.9, 1.01, 1.06, 1.15][upTo(4)]!;
    questions = [];
    const asked = questions;
    let wonHashratePh = random() < 0.1 ? 0 : used.length;
    const window = { firstBlock: 1_000 + index * 60, windowIndex: index % 6 };
    const startsMs = [clock.now];
    watch.follow(deliveredWindow({ ...window, wonHashratePh }));
    const pieces = 1 + upTo(4);
    for (let piece = 0; piece < pieces; piece++) {
      await clock.tickAsync(1 + upTo(360_000));
      const act = piece === pieces - 1 ? 1 : random();
      if (act < 0.3) {
        const { length } = used;
        used = all.slice(upTo(3));
        watch.use({ delivered: used, credited: [] }, LIMITS);
        if (used.length !== length) startsMs.push(clock.now);
      } else if (act < 0.5) {
        wonHashratePh = used.length;
        watch.follow(deliveredWindow({ ...window, wonHashratePh }));
      } else if (act < 0.6 && active === 0) {
        clock.setSystemTime(clock.now + HOUR_MS);
      }
    }
    lived.push({ endMs: clock.now, wonHashratePh, startsMs, questions: asked });
  }
  watch.follow(null);
  await watch.stop();
  await clock.tickAsync(10_000);

  finals.shift();
  assert.equal(finals.length, WINDOWS);
  const close = (actual: number | null, expected: number | null): boolean =>
    actual === null || expected === null ? actual === expected : Math.abs(actual - expected) < 1e-9;
  for (const [index, window] of lived.entries()) {
    const { averagePh, ratio, measuredSeconds, ...expected } = expectedOf(window);
    const final = finals[index]!;
    const about = `window ${index}: ${JSON.stringify(final)}`;
    assert.ok(close(final.averagePh, averagePh!), `${averagePh} PH/s in ${about}`);
    assert.ok(close(final.ratio, ratio!), `${ratio} in ${about}`);
    assert.ok(close(final.measuredSeconds, measuredSeconds!), `${measuredSeconds} s in ${about}`);
    assert.equal(final.level, expected.level, about);
  }
  const told = log.lines.filter(({ event }) => event === WINDOW_EVENT);
  assert.deepEqual(
    told.slice(1).map(({ fields }) => fields["judgement"]),
    finals.map(({ level }) => level),
  );
  // It is no soak unless all kinds of windows came.
  const kinds = Map.groupBy(finals, ({ level }) => level);
  for (const kind of ["ok", "surplus", "warning", "alert", "unknown"] as const) {
    assert.ok((kinds.get(kind)?.length ?? 0) >= 5, `${kind}: ${kinds.get(kind)?.length}`);
  }
});
