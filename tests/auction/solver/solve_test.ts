import assert from "node:assert/strict";
import { CbcError, identifyCbc, parseBuild, runCbc } from "../../../src/auction/solver/cbc/program.ts";
import { isProgramAsked, solveBuiltIn, solveWithProgram } from "../../../src/auction/solver/solve.ts";
import type { SolverResult } from "../../../src/auction/solver/types.ts";
import { problemOf } from "./brute_force.ts";

const VALIDATOR_BANNER = "Welcome to the CBC MILP Solver \\nVersion: 2.10.3 \\nBuild Date: Dec 15 2019 \\n";
const OTHER_BANNER = "Version: 2.10.8 \\nBuild Date: May  9 2022 \\n";

/** Two equal workers compete for one place: CBC says which, GLPK that either can win. A smaller one has no room. */
const problem = problemOf([
  { hotkey: "own", cost: 10, value: 10, count: 1 },
  { hotkey: "other", cost: 10, value: 10, count: 1 },
  { hotkey: "third", cost: 8, value: 3, count: 1 },
], 15);
/** The two alone: the validators' winner is known. */
const oneSize = problemOf([
  { hotkey: "own", cost: 10, value: 10, count: 1 },
  { hotkey: "other", cost: 10, value: 10, count: 1 },
], 15);

const OTHER_WINS = "printf 'Optimal\\n      1 X0000001 1 10\\n' >auction.sol";

type ProgramOptions = Parameters<typeof solveWithProgram>[2];

const OWN = { ownHotkey: "own", prefer: "most-own" } as const;

/** Runs a body with a folder and a stand-in for cbc: a shell script. */
async function withCbc(
  script: string,
  body: (options: ProgramOptions, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/stand-in`;
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    await body({ command: [path], folder, timeLimitMs: 20_000, ...OWN }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the program makes of an estimate of the built-in engine. */
async function solved(options: ProgramOptions): Promise<SolverResult> {
  return await solveWithProgram(problem, await solveBuiltIn(problem, options), options);
}

Deno.test("solveWithProgram() takes the validators' build at its word", async () => {
  await withCbc(`printf '${VALIDATOR_BANNER}'; ${OTHER_WINS}`, async (options, folder) => {
    const result = await solved(options);
    assert.equal(result.engine, "cbc");
    assert.equal(result.parity, "validator");
    assert.deepEqual(result.build, { version: "2.10.3", buildDate: "Dec 15 2019" });
    assert.deepEqual(result.wins, [0, 1, 0]);
    assert.equal(result.ambiguous, false);
    assert.deepEqual(result.own?.workers, { fewest: 0, most: 0 });
    assert.equal(result.provenOptimal, null);
    assert.equal(result.fallbackReason, null);
    assert.equal(result.totalValue, 10n);
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assert.deepEqual(names, ["stand-in"], "the exchanged files are removed");
  });
});

Deno.test("solveBuiltIn() goes by the single-size rule where it holds", async () => {
  const { decidedBy, parity, provenOptimal, ambiguous, own, fallbackReason, ...result } = await solveBuiltIn(
    oneSize,
    OWN,
  );
  assert.deepEqual([result.engine, decidedBy, parity], ["glpk", "single-size rule", "validator"]);
  assert.deepEqual([provenOptimal, ambiguous, fallbackReason], [true, false, null]);
  assert.deepEqual([result.wins, result.totalValue, result.totalCost], [[1, 0], 10n, 10n]);
  assert.deepEqual(own?.workers, { fewest: 1, most: 1 });
  const otherwise = await solveBuiltIn(problem, OWN);
  assert.deepEqual([otherwise.decidedBy, otherwise.parity, otherwise.ambiguous], ["glpk", "estimated", true]);
});

Deno.test("isProgramAsked() asks where the winners are not known, or cbc is asked for", async () => {
  const [open, ruled, empty] = await Promise.all([
    solveBuiltIn(problem, OWN),
    solveBuiltIn(oneSize, OWN),
    solveBuiltIn(problemOf([], 5), OWN),
  ]);
  assert.deepEqual([empty.engine, empty.wins, empty.totalValue, empty.own], ["glpk", [], 0n, null]);
  assert.deepEqual(
    [isProgramAsked("auto", true, open), isProgramAsked("auto", true, ruled)],
    [true, false],
  );
  assert.equal(isProgramAsked("auto", false, open), false);
  // Without a program, cbc is missed.
  assert.deepEqual([isProgramAsked("cbc", true, ruled), isProgramAsked("cbc", false, open)], [true, true]);
  for (const estimate of [open, ruled]) assert.equal(isProgramAsked("glpk", true, estimate), false);
  assert.equal(isProgramAsked("cbc", true, empty), false);
});

Deno.test("solveWithProgram() takes another build's winners unless an equally good outcome suits the preference better", async () => {
  for (const [prefer, wins] of [["most-own", [1, 0, 0]], ["fewest-own", [0, 1, 0]]] as const) {
    await withCbc(`printf '${OTHER_BANNER}'; ${OTHER_WINS}`, async (options) => {
      const result = await solved({ ...options, prefer });
      assert.equal(result.parity, "other-build");
      assert.deepEqual(result.build, { version: "2.10.8", buildDate: "May 9 2022" });
      assert.deepEqual(result.wins, wins);
      assert.equal(result.ambiguous, true);
      assert.deepEqual(result.own?.workers, { fewest: 0, most: 1 });
    });
  }
});

Deno.test("solveWithProgram() gives cbc the problem, the command line, an empty environment and low priority", async () => {
  const script =
    `printf '${VALIDATOR_BANNER}'; cp auction.mps kept.mps; echo "$*" >kept.args; env >kept.env; ` +
    `sleep 0.2; nice >kept.nice; ${OTHER_WINS}`;
  await withCbc(script, async (options, folder) => {
    await solved(options);
    assert.match(await Deno.readTextFile(`${folder}/kept.mps`), /^\*SENSE:Maximize\n/);
    assert.match(
      await Deno.readTextFile(`${folder}/kept.args`),
      /^auction\.mps -max -threads 1 -randomSeed 1 .*-solution auction\.sol\n$/,
    );
    const names = (await Deno.readTextFile(`${folder}/kept.env`)).split("\n").map((line) =>
      line.split("=")[0]
    );
    for (
      const name of ["HOME", "USER", "DENO_DIR", "PATH"].filter((name) => Deno.env.get(name) !== undefined)
    ) {
      // A shell may set a PATH of its own; it must not be ours.
      if (name !== "PATH") assert.ok(!names.includes(name), name);
    }
    assert.equal(await Deno.readTextFile(`${folder}/kept.nice`), "19\n");
  });
});

Deno.test("solveWithProgram() says why cbc gives no outcome", async () => {
  const cases: [script: string, failure: CbcError["failure"], message: RegExp][] = [
    ["exit 3", "crashed", /exit code 3/],
    [`${OTHER_WINS}; echo 'out of memory' >&2; exit 1`, "crashed", /exit code 1 \("out of memory"\)/],
    ["kill -SEGV $$", "crashed", /signal SIGSEGV/],
    ["exit 0", "no-solution", /without writing a solution file/],
    ["printf 'Optimal\\n  garbage\\n' >auction.sol", "unreadable-solution", /fewer than four columns/],
    ["exec sleep 60", "timeout", /took longer than 0\.3 s/],
  ];
  for (const [script, failure, message] of cases) {
    await withCbc(script, async (options, folder) => {
      // Left by a run that was killed: it must not be read.
      await Deno.writeTextFile(`${folder}/auction.sol`, "Optimal\n0 X0000000 1 10\n");
      const timeLimitMs = failure === "timeout" ? 300 : 20_000;
      await assert.rejects(solved({ ...options, timeLimitMs }), (error) => {
        assert.ok(error instanceof CbcError);
        assert.equal(error.failure, failure);
        assert.match(error.message, message);
        return true;
      });
    });
  }
  await withCbc("exit 1", async (options) => {
    await assert.rejects(solved({ ...options, command: ["/nonexistent/cbc"] }), {
      message: /does not start .*; correct \[solver\] cbc or IH_MINER_CBC/,
    });
  });
});

Deno.test("solveWithProgram() ends with its signal, and cbc with it", async () => {
  await withCbc("echo $$ >pid; exec sleep 60", async (options, folder) => {
    const job = new AbortController();
    const running = solved({ ...options, signal: job.signal });
    const outcome = assert.rejects(running, { message: "the job is over" });
    const pid = Number(await readWhenThere(`${folder}/pid`));
    job.abort(new Error("the job is over"));
    await outcome;
    assert.throws(() => Deno.kill(pid, "SIGCONT"), "the program is gone");
    await assert.rejects(solved({ ...options, signal: job.signal }), {
      message: "the job is over",
    });
  });
});

Deno.test("parseBuild() reads what cbc prints, and identifyCbc() asks for it", async () => {
  assert.equal(parseBuild("sh: no such thing\n"), null);
  await withCbc(`[ "$*" = -quit ] && printf '${VALIDATOR_BANNER}'`, async ({ command }, folder) => {
    const limits = { folder, timeLimitMs: 10_000 };
    assert.deepEqual(await identifyCbc(command, limits), { version: "2.10.3", buildDate: "Dec 15 2019" });
    // A list of words: an interpreter and its own arguments come first.
    assert.deepEqual(await identifyCbc(["/bin/sh", ...command], limits), {
      version: "2.10.3",
      buildDate: "Dec 15 2019",
    });
  });
});

Deno.test("runCbc() keeps the beginning of endless output and does not wait for heirs of the pipe", async () => {
  await withCbc("head -c 300000 /dev/zero | tr '\\0' x; sleep 3 & exit 0", async ({ command }, folder) => {
    const startedMs = performance.now();
    const printed = await runCbc(command, [], { folder, timeLimitMs: 20_000 });
    assert.equal(printed.length, 32 * 1024);
    assert.ok(performance.now() - startedMs < 10_000);
  });
});

/** The text of a file that another process is about to write. */
async function readWhenThere(path: string): Promise<string> {
  for (;;) {
    try {
      const text = await Deno.readTextFile(path);
      if (text.endsWith("\n")) return text;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
