import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { AlertNotification } from "../../../src/operator/alerts/message.ts";
import { type Message, Outbox } from "../../../src/operator/alerts/outbox.ts";
import { NOTIFICATION } from "./fake_service.ts";

const SUBJECTS = ["a", "b", "c"] as const;

function begun(subject: string, text = ""): AlertNotification {
  return { ...NOTIFICATION, alert: { ...NOTIFICATION.alert, subject, text } };
}

function over(subject: string, text = ""): AlertNotification {
  return { ...begun(subject, text), state: "over", endedAtMs: NOTIFICATION.beganAtMs };
}

function nameOf(message: Message | null): string | null {
  return message === null ? null : `${message.notification.alert.subject} ${message.notification.state}`;
}

Deno.test("take() of Outbox prefers what begins, then what is over, then what failed before", () => {
  const outbox = new Outbox();
  outbox.add(begun("a"), 0);
  outbox.take(0);
  outbox.accepted();
  outbox.add(begun("b"), 0);
  outbox.take(0);
  assert.equal(outbox.failed("down", 10), true);
  outbox.add(over("a"), 1);
  outbox.add(begun("c"), 2);
  const taken: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    taken.push(nameOf(outbox.take(20)));
    outbox.accepted();
  }
  assert.deepEqual(taken, ["c begun", "a over", "b begun"]);
  assert.deepEqual([outbox.take(20), outbox.dueMs], [null, null]);
});

Deno.test("add() of Outbox drops a beginning that was never told with its end", () => {
  const outbox = new Outbox();
  outbox.add(begun("a"), 0);
  assert.equal(nameOf(outbox.add(over("a"), 1)), "a begun");
  assert.deepEqual([outbox.take(9), outbox.dueMs], [null, null]);
});

Deno.test("failed() of Outbox drops a beginning that was overtaken on its way", () => {
  const outbox = new Outbox();
  outbox.add(begun("a"), 0);
  outbox.take(0);
  assert.equal(outbox.add(over("a"), 1), null);
  assert.equal(outbox.failed("down", 2), false);
  assert.equal(outbox.dueMs, null);
});

Deno.test("add() of Outbox drops an end that waits when it begins again", () => {
  const outbox = new Outbox();
  outbox.add(begun("a", "1"), 0);
  outbox.take(0);
  outbox.accepted();
  outbox.add(over("a", "1"), 1);
  assert.equal(nameOf(outbox.add(begun("a", "2"), 2)), "a over");
  // The former beginning was told: its readers want to know of the end.
  assert.equal(nameOf(outbox.add(over("a", "2"), 3)), "a begun");
  assert.equal(nameOf(outbox.take(3)), "a over");
});

Deno.test("pause() of Outbox lets nothing be tried before", () => {
  const outbox = new Outbox();
  outbox.pause(10);
  outbox.pause(5);
  outbox.add(begun("a"), 0);
  assert.deepEqual([outbox.take(9), outbox.dueMs], [null, 10]);
  assert.equal(nameOf(outbox.take(10)), "a begun");
});

Deno.test("accepted() of Outbox wants a try under way", () => {
  assert.throws(() => new Outbox().accepted(), /nothing is being sent/);
});

/** What happens next: an alert begins or ends, time passes, the try under way ends. */
type Step =
  | { readonly kind: "turn"; readonly subject: (typeof SUBJECTS)[number] }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "take" }
  | { readonly kind: "end"; readonly how: "accepted" | "failed" | "refused" };

const STEPS = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("turn" as const), subject: fc.constantFrom(...SUBJECTS) }),
    fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ kind: fc.constant("take" as const) }),
    fc.record({
      kind: fc.constant("end" as const),
      how: fc.constantFrom("accepted" as const, "failed" as const, "failed" as const, "refused" as const),
    }),
  ),
  { maxLength: 80, size: "max" },
);

/** An outbox, and all that was put into it and came out of it. */
class Watched {
  readonly added: AlertNotification[] = [];
  readonly delivered: AlertNotification[] = [];
  readonly refused = new Set<AlertNotification>();
  /** What goes on, by subject. */
  readonly goingOn = new Map<string, AlertNotification>();
  readonly #outbox = new Outbox();
  /** What has begun and waits for its first try. */
  readonly #fresh = new Set<AlertNotification>();
  #underWay: Message | null = null;
  #nowMs = 0;

  step(step: Step): void {
    if (step.kind === "turn") this.#turn(step.subject);
    else if (step.kind === "pass") this.#nowMs += step.ms;
    else if (step.kind === "take" && this.#underWay === null) this.#take();
    else if (step.kind === "end" && this.#underWay !== null) this.#end(step.how, this.#underWay);
  }

  /** The service takes everything from now on. */
  drain(): void {
    if (this.#underWay !== null) this.#end("accepted", this.#underWay);
    for (let { dueMs } = this.#outbox; dueMs !== null; { dueMs } = this.#outbox) {
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      this.#take();
      this.#end("accepted", this.#underWay!);
    }
  }

  /** What was delivered of one alert. */
  deliveredOf(subject: string): AlertNotification[] {
    return this.delivered.filter(({ alert }) => alert.subject === subject);
  }

  #turn(subject: string): void {
    const former = this.goingOn.get(subject);
    const text = String(this.added.length);
    const notification = former === undefined ? begun(subject, text) : over(subject, text);
    if (former === undefined) {
      this.goingOn.set(subject, notification);
      this.#fresh.add(notification);
    } else this.goingOn.delete(subject);
    this.added.push(notification);
    const overtaken = this.#outbox.add(notification, this.#nowMs);
    if (overtaken === null) return;
    assert.equal(overtaken.notification.alert.subject, subject);
    this.#fresh.delete(overtaken.notification);
  }

  #take(): void {
    this.#underWay = this.#outbox.take(this.#nowMs);
    if (this.#underWay === null) {
      assert.equal(this.#fresh.size, 0, "what has begun need not wait");
      return;
    }
    const { tries, notification } = this.#underWay;
    if (tries > 0 || notification.state === "over") {
      assert.equal(this.#fresh.size, 0, "what has begun comes first");
    }
    this.#fresh.delete(notification);
  }

  #end(how: "accepted" | "failed" | "refused", { notification }: Message): void {
    this.#underWay = null;
    if (how === "failed") {
      this.#outbox.failed("down", this.#nowMs + 3);
    } else if (how === "refused") {
      this.#outbox.refused();
      this.refused.add(notification);
    } else {
      this.#outbox.accepted();
      this.delivered.push(notification);
    }
  }
}

Deno.test("Outbox tells all that goes on, in order, and no end without its beginning", () => {
  let ends = 0;
  fc.assert(
    fc.property(STEPS, (steps) => {
      const watched = new Watched();
      for (const step of steps) watched.step(step);
      watched.drain();
      for (const subject of SUBJECTS) {
        const delivered = watched.deliveredOf(subject);
        const places = delivered.map((notification) => watched.added.indexOf(notification));
        assert.deepEqual(places, places.toSorted((a, b) => a - b), "in order");
        delivered.forEach(({ state }, i) => {
          if (state === "begun") return;
          ends++;
          assert.equal(delivered[i - 1]?.state, "begun", "an end follows its beginning");
        });
        const now = watched.goingOn.get(subject);
        const last = delivered.at(-1);
        if (now !== undefined && !watched.refused.has(now)) assert.equal(last, now, "what goes on is known");
        const isEndRefused = [...watched.refused].some(({ state, alert }) =>
          state === "over" && alert.subject === subject
        );
        if (now === undefined && !isEndRefused) {
          assert.notEqual(last?.state, "begun", "what is over is known");
        }
      }
    }),
    { numRuns: 1_000 },
  );
  assert.ok(ends > 100, "the property was looked at");
});

Deno.test("renew() of Outbox gives a beginning that waits its words of now, and tells nothing twice", () => {
  const outbox = new Outbox();
  outbox.add(begun("a", "1 min ago"), 0);
  outbox.take(0);
  outbox.renew(begun("a", "under way").alert);
  assert.equal(outbox.failed("down", 10), true);
  outbox.renew(begun("a", "2 min ago").alert);
  outbox.renew(begun("b", "never sent").alert);
  const { notification, tries, why } = outbox.take(10)!;
  assert.deepEqual([notification, tries, why], [begun("a", "2 min ago"), 1, "down"]);
  outbox.accepted();
  outbox.renew(begun("a", "3 min ago").alert);
  assert.equal(outbox.dueMs, null);
  outbox.add(over("a", "3 min ago"), 20);
  outbox.renew(begun("a", "4 min ago").alert);
  assert.deepEqual(outbox.take(20)!.notification, over("a", "3 min ago"));
});
