import assert from "node:assert/strict";
import { failuresOf, type SoakFigures, soakSection } from "../../../scripts/soak/tally.ts";

const GOOD: SoakFigures = {
  command: "deno task soak --minutes 1 --seed 7",
  seed: 7,
  minutes: 1,
  program: "the compiled program",
  solver: "the validators' cbc",
  skipped: [],
  windows: 4,
  missed: [],
  wrong: [],
  tookMs: [1000, 2000, 3000, 4000],
  faults: new Map([["reset", 1], ["64 MB", 2]]),
  edits: new Map(),
  mishaps: new Map(),
  hooks: new Map(),
  slowSolver: 0,
  hangUps: 0,
  clockSteps: 0,
  reorganisations: 0,
  unproven: 0,
  restarts: 0,
  deaths: [],
  samples: [],
};

Deno.test("failuresOf() finds nothing in a good soak, and names each miss, wrong routing and end", () => {
  assert.deepEqual(failuresOf(GOOD), []);
  assert.deepEqual(failuresOf({ ...GOOD, missed: ["window 5: no final outcome"] }), [
    "missed: window 5: no final outcome",
  ]);
  assert.deepEqual(failuresOf({ ...GOOD, wrong: ["window 6: too much"] }), ["wrong: window 6: too much"]);
  assert.deepEqual(failuresOf({ ...GOOD, deaths: ["SIGSEGV"] }), ["the agent ended: SIGSEGV"]);
  assert.deepEqual(failuresOf({ ...GOOD, windows: 0 }), ["no window was played"]);
});

Deno.test("failuresOf() names what grows, and by how much", () => {
  const samples = Array.from({ length: 400 }, (_, second) => ({
    atSeconds: second,
    life: 1,
    ageSeconds: second,
    rssMb: 100,
    files: 20 + second / 60,
    threads: 9,
    children: 0,
  }));
  assert.deepEqual(failuresOf({ ...GOOD, samples }), ["open files: 1.00 per minute, more than 0.5"]);
});

Deno.test("soakSection() shows figures, command, what was skipped and the verdict", () => {
  const section = soakSection({ ...GOOD, skipped: ["clock steps, as libfaketime is not installed"] });
  assert.match(section, /^### A run of 1 min\n\n {4}deno task soak --minutes 1 --seed 7\n/);
  assert.match(section, /\nSkipped: clock steps, as libfaketime is not installed\.\n/);
  assert.match(section, /^- windows: 4$/m);
  assert.match(section, /median 2\.0 s, p99 4\.0 s, at most 4\.0 s/);
  assert.match(section, /^- faults of the line: 3: 64 MB 2, reset 1$/m);
  assert.match(section, /\nThe soak passed\.\n$/);
  const failed = soakSection({ ...GOOD, missed: ["window 5: no final outcome"] });
  assert.match(failed, /\nThe soak failed:\n\n- missed: window 5: no final outcome\n$/);
});
