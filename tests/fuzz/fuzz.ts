/**
 * `deno task fuzz [--minutes N] [--seed S] [--family NAME] [--cases N]`: tries all families, or one, for N minutes in all
 * (default: 10) or with N cases each. Prints a table; exits with 1 if a case lacks its property.
 *
 * @module
 */

import { complain, say, wholeNumber } from "../../scripts/command_line.ts";
import { parseArguments, UsageError } from "../../src/lib/args.ts";
import { FAMILIES } from "./families.ts";
import { findText, tableOf, type Tally, tryFamily } from "./run.ts";

const HELP = `deno task fuzz [--minutes N] [--seed S] [--family NAME] [--cases N]

  --minutes N    for all families together (default: 10)
  --cases N      this many cases of each family instead, however long they take
  --seed S       the seed of the first 200 cases (default: from the clock)
  --family NAME  one family:
${FAMILIES.map(({ name, holds }) => `                   ${name.padEnd(14)} ${holds}`).join("\n")}`;

async function main(): Promise<number> {
  const { values } = parseArguments(Deno.args, {
    minutes: { type: "string" },
    cases: { type: "string" },
    seed: { type: "string" },
    family: { type: "string" },
    help: { type: "boolean" },
  });
  if (values.help === true) {
    say(HELP);
    return 0;
  }
  const families = FAMILIES.filter(({ name }) => (values.family ?? name) === name);
  if (families.length === 0) {
    const names = FAMILIES.map(({ name }) => name).join(", ");
    throw new UsageError(`--family must be one of ${names}; it is ${values.family}`);
  }
  const cases = values.cases === undefined ? undefined : wholeNumber("--cases", values.cases, 1);
  const minutes = wholeNumber("--minutes", values.minutes ?? "10", 1);
  const seed = values.seed === undefined
    ? Date.now() % 2 ** 31
    : wholeNumber("--seed", values.seed, 0, 2 ** 31);
  const limitMs = cases === undefined || values.minutes !== undefined
    ? minutes * 60_000 / families.length
    : undefined;
  say(`Seed ${seed}`);
  const tallies: Tally[] = [];
  for (const family of families) {
    const tally = await tryFamily(family, { seed, cases, limitMs });
    tallies.push(tally);
    for (const find of tally.finds) say(findText(family.name, find));
  }
  say(`\n${tableOf(tallies)}`);
  const total = tallies.reduce((sum, { cases }) => sum + cases, 0);
  const finds = tallies.reduce((sum, { finds }) => sum + finds.length, 0);
  say(`\n${total} cases, ${finds} finds`);
  return finds === 0 ? 0 : 1;
}

try {
  Deno.exit(await main());
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  complain(error.message);
  Deno.exit(2);
}
