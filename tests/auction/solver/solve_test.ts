import assert from "node:assert/strict";
import { identifyCbc, parseBuild, runCbc } from "../../../src/auction/solver/cbc/program.ts";
import { solveAuction, type SolveAuctionOptions } from "../../../src/auction/solver/solve.ts";
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

/** Runs a body with a folder and a stand-in for cbc: a shell script. */
async function withCbc(
  script: string,
  body: (options: SolveAuctionOptions, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/stand-in`;
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    await body({
      engine: "auto",
      cbc: [path],
      folder,
      ownHotkey: "own",
      prefer: "most-own",
      timeLimitMs: 20_000,
    }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("solveAuction() takes the validators' build at its word", async () => {
  await withCbc(`printf '${VALIDATOR_BANNER}'; ${OTHER_WINS}`, async (options, folder) => {
    const result = await solveAuction(problem, options);
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

Deno.test("solveAuction() goes by the single-size rule, and runs no program that it need not run", async () => {
  for (const engine of ["auto", "glpk"] as const) {
    await withCbc("touch ran", async (options, folder) => {
      const result = await solveAuction(oneSize, { ...options, engine });
      const { decidedBy, parity, provenOptimal, ambiguous, own, fallbackReason, totalValue, totalCost } =
        result;
      assert.deepEqual([result.engine, decidedBy, parity], ["glpk", "single-size rule", "validator"]);
      assert.deepEqual([provenOptimal, ambiguous, fallbackReason], [true, false, null]);
      assert.deepEqual([result.wins, totalValue, totalCost], [[1, 0], 10n, 10n]);
      assert.deepEqual(own?.workers, { fewest: 1, most: 1 });
      assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["stand-in"]);
    });
  }
});

Deno.test("solveAuction() runs cbc where it is asked for, and goes by the rule when that fails", async () => {
  await withCbc(`printf '${VALIDATOR_BANNER}'; ${OTHER_WINS}`, async (options) => {
    const result = await solveAuction(oneSize, { ...options, engine: "cbc" });
    assert.deepEqual([result.decidedBy, result.wins], ["cbc", [0, 1]]);
  });
  await withCbc("exit 3", async (options) => {
    const result = await solveAuction(oneSize, { ...options, engine: "cbc" });
    assert.deepEqual([result.decidedBy, result.parity, result.wins], ["single-size rule", "validator", [
      1,
      0,
    ]]);
    assert.match(result.fallbackReason ?? "", /exit code 3/);
  });
});

Deno.test("solveAuction() takes another build's winners unless an equally good outcome suits the preference better", async () => {
  for (const [prefer, wins] of [["most-own", [1, 0, 0]], ["fewest-own", [0, 1, 0]]] as const) {
    await withCbc(`printf '${OTHER_BANNER}'; ${OTHER_WINS}`, async (options) => {
      const result = await solveAuction(problem, { ...options, prefer });
      assert.equal(result.parity, "other-build");
      assert.deepEqual(result.build, { version: "2.10.8", buildDate: "May 9 2022" });
      assert.deepEqual(result.wins, wins);
      assert.equal(result.ambiguous, true);
      assert.deepEqual(result.own?.workers, { fewest: 0, most: 1 });
    });
  }
});

Deno.test("solveAuction() gives cbc the problem, the command line and an empty environment", async () => {
  const script =
    `printf '${VALIDATOR_BANNER}'; cp auction.mps kept.mps; echo "$*" >kept.args; env >kept.env; ` +
    OTHER_WINS;
  await withCbc(script, async (options, folder) => {
    await solveAuction(problem, options);
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
  });
});

Deno.test("solveAuction() lets glpk decide when cbc gives no outcome, and reports why", async () => {
  const cases: [script: string, reason: RegExp][] = [
    ["exit 3", /exit code 3/],
    [`${OTHER_WINS}; echo 'out of memory' >&2; exit 1`, /exit code 1 \("out of memory"\)/],
    ["kill -SEGV $$", /signal SIGSEGV/],
    ["exit 0", /without writing a solution file/],
    ["printf 'Optimal\\n  garbage\\n' >auction.sol", /fewer than four columns/],
  ];
  for (const [script, reason] of cases) {
    await withCbc(script, async (options, folder) => {
      // Left by a run that was killed: it must not be read.
      await Deno.writeTextFile(`${folder}/auction.sol`, "Optimal\n0 X0000000 1 10\n");
      const result = await solveAuction(problem, options);
      assert.equal(result.engine, "glpk");
      assert.equal(result.parity, "estimated");
      assert.equal(result.provenOptimal, true);
      assert.match(result.fallbackReason ?? "", reason);
      assert.equal(result.build, null);
    });
  }
});

Deno.test("solveAuction() stops a cbc that takes too long, and falls back in the time that is left", async () => {
  await withCbc("exec sleep 60", async (options) => {
    const result = await solveAuction(problem, { ...options, timeLimitMs: 400 });
    assert.equal(result.engine, "glpk");
    assert.match(result.fallbackReason ?? "", /took longer than 320 ms/);
    assert.ok(result.durationMs < 5_000);
  });
});

Deno.test("solveAuction() ends with the job, and cbc with it", async () => {
  await withCbc("echo $$ >pid; exec sleep 60", async (options, folder) => {
    const job = new AbortController();
    const running = solveAuction(problem, { ...options, signal: job.signal });
    const outcome = assert.rejects(running, { message: "the job is over" });
    const pid = Number(await readWhenThere(`${folder}/pid`));
    job.abort(new Error("the job is over"));
    await outcome;
    assert.throws(() => Deno.kill(pid, "SIGCONT"), "the program is gone");
    await assert.rejects(solveAuction(problem, { ...options, signal: job.signal }), {
      message: "the job is over",
    });
  });
});

Deno.test("solveAuction() falls back from a missing program, and uses glpk if configured", async () => {
  await withCbc("exit 1", async (options) => {
    const missing = await solveAuction(problem, { ...options, cbc: ["/nonexistent/cbc"] });
    assert.match(missing.fallbackReason ?? "", /does not start .*; correct \[solver\] cbc or IH_MINER_CBC/);
    const none = await solveAuction(problem, { ...options, engine: "cbc", cbc: null });
    assert.match(
      none.fallbackReason ?? "",
      /no cbc program .* set \[solver\] cbc or IH_MINER_CBC .*scripts\/install-cbc\.sh/,
    );
    const noFolder = await solveAuction(problem, { ...options, engine: "cbc", folder: null });
    assert.match(noFolder.fallbackReason ?? "", /no folder/);
    for (const chosen of [{ engine: "glpk" }, { engine: "auto", cbc: null }] as const) {
      const result = await solveAuction(problem, { ...options, ...chosen });
      assert.deepEqual([result.engine, result.fallbackReason], ["glpk", null]);
    }
    const empty = await solveAuction(problemOf([], 5), options);
    assert.deepEqual([empty.engine, empty.wins, empty.totalValue, empty.own], ["glpk", [], 0n, null]);
  });
});

Deno.test("parseBuild() reads what cbc prints, and identifyCbc() asks for it", async () => {
  assert.equal(parseBuild("sh: no such thing\n"), null);
  await withCbc(`[ "$*" = -quit ] && printf '${VALIDATOR_BANNER}'`, async ({ cbc }, folder) => {
    const limits = { folder, timeLimitMs: 10_000 };
    assert.deepEqual(await identifyCbc(cbc!, limits), { version: "2.10.3", buildDate: "Dec 15 2019" });
    // A list of words: an interpreter and its own arguments come first.
    assert.deepEqual(await identifyCbc(["/bin/sh", cbc![0]!], limits), {
      version: "2.10.3",
      buildDate: "Dec 15 2019",
    });
  });
});

Deno.test("runCbc() keeps the beginning of endless output and does not wait for heirs of the pipe", async () => {
  await withCbc("head -c 300000 /dev/zero | tr '\\0' x; sleep 3 & exit 0", async ({ cbc }, folder) => {
    const startedMs = performance.now();
    const printed = await runCbc(cbc!, [], { folder, timeLimitMs: 20_000 });
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
