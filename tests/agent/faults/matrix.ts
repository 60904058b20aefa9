/**
 * `deno task faults`: every fault at every stage of both jobs and of the head's subscription, with one endpoint and with a
 * second one.
 *
 * @module
 */

import { say, wholeNumber } from "../../../scripts/command_line.ts";
import { parseArguments } from "../../../src/lib/args.ts";
import { FaultBench, type Subject, SUBJECTS, type Trial, type TrialResult } from "./bench.ts";

const HELP = `deno task faults: every fault at every stage of both jobs and of the head's subscription

Prints a table, and ends with 1 if the agent misbehaved. It takes most of an hour, nearly all of it waiting for time limits.

  --subject NAME  only ${SUBJECTS.join(", ")}
  --fault NAME    only this fault, by its name in the table
  --alone         only with one endpoint
  --with-another  only with a second one, which is good
  --lanes N       trials at a time (default: 6)
  -h, --help      this text
`;

const { values } = parseArguments(Deno.args, {
  lanes: { type: "string", default: "6" },
  subject: { type: "string" },
  fault: { type: "string" },
  alone: { type: "boolean" },
  "with-another": { type: "boolean" },
  help: { type: "boolean", short: "h" },
});
if (values.help === true) {
  say(HELP.trimEnd());
  Deno.exit(0);
}
const lanes = wholeNumber("--lanes", values.lanes);
const subjects = SUBJECTS.filter((subject) => (values.subject ?? subject) === subject);

/** What became of the trials of a fault, for the table. */
interface Tally {
  trials: number;
  survived: number;
  failedClearly: number;
  wrong: number;
  longestMs: number;
}

const complaints: string[] = [];
const startMs = performance.now();
for (const hasAnother of [false, true]) {
  if (values.alone === true && hasAnother || values["with-another"] === true && !hasAnother) continue;
  say(hasAnother ? "\nWith a second endpoint, which is good" : "\nWith one endpoint");
  const benches = await Promise.all(Array.from({ length: lanes }, () => FaultBench.set(hasAnother)));
  for (const subject of subjects) await tryAll(subject, benches, hasAnother);
  for (const bench of benches) await bench[Symbol.asyncDispose]();
}
for (const complaint of complaints) say(`WRONG: ${complaint}`);
say(`\n${complaints.length} wrong, after ${Math.round((performance.now() - startMs) / 1000)} s`);
Deno.exit(complaints.length === 0 ? 0 : 1);

async function tryAll(subject: Subject, benches: readonly FaultBench[], hasAnother: boolean): Promise<void> {
  const stages = await benches[0]!.stagesOf(subject);
  const names = stages.flatMap((stage) =>
    benches[0]!.faultsAt(stage).filter(({ name }) => (values.fault ?? name) === name).map(({ name }) => ({
      stage,
      name,
    }))
  );
  const tallies = new Map<string, Tally>();
  const queue = names.values();
  await Promise.all(benches.map(async (bench) => {
    for (const { stage, name } of queue) {
      const fault = bench.faults.find((candidate) => candidate.name === name)!;
      const result = await bench.try({ subject, stage, fault });
      note(tallies, { subject, stage, fault }, result, hasAnother);
    }
  }));
  say(`\n${subject}: ${stages.length} stages, ${names.length} trials`);
  say("fault                      trials  went on  failed clearly  wrong  longest");
  for (const [name, { trials, survived, failedClearly, wrong, longestMs }] of tallies) {
    say(
      `${name.padEnd(26)} ${String(trials).padStart(6)}  ${String(survived).padStart(7)}  ` +
        `${String(failedClearly).padStart(14)}  ${String(wrong).padStart(5)}  ${
          (longestMs / 1000).toFixed(1).padStart(5)
        } s`,
    );
  }
}

function note(tallies: Map<string, Tally>, trial: Trial, result: TrialResult, hasAnother: boolean): void {
  const { subject, stage, fault } = trial;
  const tally = tallies.get(fault.name) ??
    { trials: 0, survived: 0, failedClearly: 0, wrong: 0, longestMs: 0 };
  tallies.set(fault.name, tally);
  tally.trials++;
  tally.longestMs = Math.max(tally.longestMs, result.durationMs);
  if (result.complaints.length > 0) tally.wrong++;
  else if (result.error === null) tally.survived++;
  else tally.failedClearly++;
  const where = `${subject} ${hasAnother ? "with another" : "alone"}, ${fault.name} at ${stage}`;
  complaints.push(...result.complaints.map((complaint) => `${where}: ${complaint}`));
}
