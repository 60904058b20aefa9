/** The one-file program with the validators' solver inside. Builds both forms itself, where that solver is to be had. */

import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findReferenceCbc } from "../../scripts/parity/reference_cbc.ts";
import { computeOutcome } from "../../src/agent/jobs/compute_outcome.ts";
import { askProgram, questionAfter } from "../../src/agent/jobs/final_outcome.ts";
import { readSavedAuction } from "../../src/agent/jobs/saved_auction.ts";
import { waitFor } from "../../scripts/e2e/processes.ts";
import { freePort } from "../../scripts/scene/free_port.ts";
import { toDocument } from "../../src/lib/document.ts";
import { isWatchable, watch } from "./rights.ts";
import { type Program, programs, Stage } from "./stage.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PATIENCE_MS = 30_000;

const reference = await findReferenceCbc();

if (programs.length === 0 || "absence" in reference) {
  const why = "absence" in reference
    ? `no solver: ${reference.absence}`
    : "$IH_MINER_PROGRAMS names none; run deno task test:program";
  Deno.test({ name: `the one-file program with its solver (skipped: ${why})`, ignore: true, fn: () => {} });
} else {
  for (const { isScript } of programs) defineFor(await build(reference.path, isScript), reference.path);
}

/** Builds the form of a program again, with its solver. */
async function build(solver: string, isScript: boolean): Promise<Program> {
  const name = isScript ? "ih-miner-with-solver.sh" : "ih-miner-with-solver";
  const path = resolve(ROOT, "dist", name);
  const form = isScript ? ["--self-extracting-sh"] : [];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "compile", "--solver", solver, "--output", path, ...form],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`${name} cannot be built: ${new TextDecoder().decode(stderr)}`);
  return { path, name, isScript };
}

function defineFor(program: Program, solver: string): void {
  const { name } = program;

  Deno.test(`${name} says with --version, check and config that it has the validators' solver`, async () => {
    await using at = await Stage.open(program);
    const version = await at.run(["--version"]);
    assert.match(version.out, /^ih-miner \S+ \(.*\) with the validators' CBC 2\.10\.3 of Dec 15 2019\n$/);
    const check = await at.run(["check", at.rig.configPath]);
    assert.equal(check.code, 0, check.out);
    const [, path = ""] =
      /^ok +solver +cbc (\S+) \(bundled\): 2\.10\.3 of Dec 15 2019, parity "validator"$/m.exec(check.out) ??
        [];
    assert.ok(path.startsWith(`${at.rig.folder}/`), check.out);
    assert.deepEqual(await Deno.readFile(path), await Deno.readFile(solver));
    const config = await at.run(["config", at.rig.configPath]);
    assert.ok(
      config.out.includes(
        `# cbc in use: ${path}, bundled with this program: 2.10.3 of Dec 15 2019, the validators' build\n`,
      ),
      config.out,
    );
    const json = JSON.parse((await at.run(["config", at.rig.configPath, "--json"])).out);
    assert.deepEqual(
      [json.solver.cbc, json.solver.origin, json.solver.is_validator_build],
      [[path], "bundled", true],
    );
    assert.deepEqual(await Array.fromAsync(Deno.readDir(at.empty)), []);
  });

  Deno.test(`${name} finds the validators' winners, and again in a replay`, async () => {
    await using at = await Stage.open(program, { hasBid: true });
    const saved = join(at.rig.folder, "auction.json");
    const auction = await at.run([at.rig.configPath, "--once", "auction", "--save-snapshot", saved]);
    assert.equal(auction.code, 0, auction.err);
    // Nothing but a state folder, neither HOME nor PATH; and one that cannot be used.
    const state = join(at.empty, "state");
    const replays = [state, join(at.rig.configPath, "state")].map((STATE_DIRECTORY) =>
      at.run(["replay", saved], { env: { STATE_DIRECTORY } })
    );

    const auctionAsSaved = await readSavedAuction(saved);
    const computed = await computeOutcome({ ...auctionAsSaved, remainingMs: () => PATIENCE_MS });
    const question = questionAfter({ ...auctionAsSaved, ...computed }, {
      onAmbiguous: auctionAsSaved.onAmbiguous,
      solver: { engine: "cbc", cbcCommand: [solver], cbcTimeLimitSeconds: PATIENCE_MS / 1000 },
    });
    const { signal } = new AbortController();
    const { outcome: expected } = await askProgram(question!, { limitMs: PATIENCE_MS, signal });
    assert.equal(expected.solver?.parity, "validator");
    for (const { code, out, err } of [auction, ...await Promise.all(replays)]) {
      assert.equal(code, 0, err);
      const document = JSON.parse(out);
      const { decided_by, parity, fallback_reason } = document.solver;
      assert.deepEqual([decided_by, parity, fallback_reason], ["cbc", "validator", null]);
      assert.deepEqual(document.winners, toDocument(expected.winners));
    }
  });

  Deno.test(`${name} repairs a damaged solver at its next start`, async () => {
    await using at = await Stage.open(program);
    const solverLine = async (): Promise<string> => {
      const { out } = await at.run(["check", at.rig.configPath]);
      return /^.* solver .*$/m.exec(out)?.[0] ?? out;
    };
    const line = await solverLine();
    const [, path = ""] = /cbc (\S+) \(bundled\)/.exec(line) ?? [];
    await Deno.writeTextFile(path, "#!/bin/sh\nexit 1\n");
    assert.equal(await solverLine(), line);
  });

  Deno.test(`${name} goes on with the built-in engine where the solver cannot be unpacked, and says so`, async () => {
    await using at = await Stage.open(program, { hasBid: true });
    await Deno.mkdir(join(at.rig.folder, "state"), { recursive: true });
    await Deno.writeTextFile(join(at.rig.folder, "state", "solver"), "a file in its place");
    const auction = await at.run([at.rig.configPath, "--once", "auction"]);
    assert.equal(auction.code, 0, auction.err);
    assert.match(
      auction.err,
      /"event":"Bundled solver unusable"[^\n]*Cannot unpack the validators' solver into/,
    );
    assert.equal(JSON.parse(auction.out).solver.engine, "glpk");
  });

  Deno.test(`${name} shows its solver on the page of the service, and ends with it`, async () => {
    await using at = await Stage.open(program, { hasBid: true });
    const listen = `127.0.0.1:${freePort()}`;
    await at.configure(`[http]\nlisten = "${listen}"\n`);
    await using agent = at.start();
    await waitFor(
      "a result",
      () => agent.lines.some(({ event }) => event === "Auction results computed"),
      PATIENCE_MS,
    );
    const page = await (await fetch(`http://${listen}/`)).text();
    assert.match(page, /solver: cbc, the validators(?:'|&#39;) build \(bundled\)/);
    const { cbc } = await (await fetch(`http://${listen}/api/status`)).json();
    assert.deepEqual([cbc.origin, cbc.is_validator_build, cbc.problem], ["bundled", true, null]);
    agent.kill("SIGTERM");
    assert.equal((await agent.status).code, 0);
  });

  Deno.test({
    name: `${name} touches with its solver what is configured, and nothing else`,
    ignore: !isWatchable(program),
    fn: async () => {
      await using at = await Stage.open(program, { hasBid: true });
      const { out } = await at.run(["check", at.rig.configPath]);
      const [, path = ""] = /cbc (\S+) \(bundled\)/.exec(out) ?? [];
      const { options, check } = watch(at);
      const { code, err } = await at.run([at.rig.configPath, "--once", "auction"], options);
      assert.equal(code, 0, err);
      await check({ programs: [path] });
    },
  });
}
