import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Alert } from "../../../src/operator/alerts/alert.ts";
import { AlertBook } from "../../../src/operator/alerts/alert_book.ts";

const BANNED: Alert = { kind: "banned", subject: "", title: "Banned", text: "first words" };
const FAILED_A: Alert = { kind: "routing-failed", subject: "/a", title: "Routing failed", text: "a" };
const FAILED_B: Alert = { ...FAILED_A, subject: "/b", text: "b" };
const SECOND_MS = 1_000;

/** Each change as `state subject-or-kind`. */
function names(changes: ReturnType<AlertBook["update"]>): string[] {
  return changes.map(({ state, alert }) => `${state} ${alert.subject || alert.kind}`);
}

Deno.test("update() of AlertBook says once that an alert began, and once that it is over", () => {
  const book = new AlertBook();
  assert.deepEqual(book.update([BANNED], 0), [
    { state: "begun", alert: BANNED, beganAtMs: 0, endedAtMs: null },
  ]);
  const reworded = { ...BANNED, text: "last words" };
  assert.deepEqual(book.update([reworded], 10 * SECOND_MS), []);
  assert.deepEqual(book.update([], 20 * SECOND_MS), []);
  assert.deepEqual(book.update([], 79 * SECOND_MS), []);
  assert.deepEqual(book.update([], 80 * SECOND_MS), [
    { state: "over", alert: reworded, beganAtMs: 0, endedAtMs: 20 * SECOND_MS },
  ]);
  assert.deepEqual(book.update([], 900 * SECOND_MS), []);
});

Deno.test("update() of AlertBook says nothing of one that was gone for less than a minute", () => {
  const book = new AlertBook();
  book.update([BANNED], 0);
  for (let second = 1; second < 600; second++) {
    assert.deepEqual(book.update(second % 59 === 0 ? [BANNED] : [], second * SECOND_MS), []);
  }
});

Deno.test("update() of AlertBook tells alerts apart by kind and subject", () => {
  const book = new AlertBook();
  assert.deepEqual(names(book.update([FAILED_A, BANNED], 0)), ["begun /a", "begun banned"]);
  assert.deepEqual(names(book.update([FAILED_B, BANNED], 1)), ["begun /b"]);
  assert.deepEqual(names(book.update([FAILED_B], 60 * SECOND_MS + 1)), ["over /a"]);
  assert.deepEqual(names(book.update([FAILED_B], 120 * SECOND_MS + 1)), ["over banned"]);
});

Deno.test("update() of AlertBook becomes slower to say that it is over when an alert keeps coming back", () => {
  const book = new AlertBook();
  const said: string[] = [];
  // Six hours of two minutes bad, four minutes well.
  for (let minute = 0; minute < 360; minute++) {
    said.push(...names(book.update(minute % 6 < 2 ? [BANNED] : [], minute * 60 * SECOND_MS)));
  }
  assert.deepEqual(said, [
    "begun banned",
    "over banned",
    "begun banned",
    "over banned",
    "begun banned",
  ]);
  assert.deepEqual(names(book.update([], 1_000 * 60 * SECOND_MS)), ["over banned"]);
});

Deno.test("update() of AlertBook forgets what has been well for an hour", () => {
  const book = new AlertBook();
  for (let round = 0; round < 5; round++) {
    const startMs = round * 2 * 3_600 * SECOND_MS;
    assert.deepEqual(names(book.update([BANNED], startMs)), ["begun banned"]);
    book.update([], startMs + SECOND_MS);
    assert.deepEqual(names(book.update([], startMs + 61 * SECOND_MS)), ["over banned"]);
    book.update([], startMs + 3_601 * SECOND_MS);
  }
});

Deno.test("update() of AlertBook alternates begun and over, whatever comes", () => {
  const steps = fc.array(fc.record({
    there: fc.subarray([BANNED, FAILED_A, FAILED_B]),
    passMs: fc.integer({ min: -10_000, max: 4_000_000 }),
  }));
  fc.assert(fc.property(steps, (steps) => {
    const [book, states, nowThere] = [new AlertBook(), new Map<string, string>(), new Set<string>()];
    let nowMs = 0;
    for (const { there, passMs } of steps) {
      nowMs += passMs;
      for (const { state, alert: { kind, subject } } of book.update(there, nowMs)) {
        assert.equal(states.get(kind + subject) ?? "over", state === "begun" ? "over" : "begun");
        states.set(kind + subject, state);
      }
      nowThere.clear();
      for (const { kind, subject } of there) nowThere.add(kind + subject);
      for (const identity of nowThere) assert.equal(states.get(identity), "begun", "what is there has begun");
    }
  }));
});
