import assert from "node:assert/strict";
import { join } from "node:path";
import {
  locateProgram,
  type ProgramEnd,
  type ProgramOptions,
  ProgramStartError,
  runProgram,
} from "../../src/lib/program.ts";

const TIMEOUT_MS = 20_000;

/** Runs a shell script and collects its lines. */
async function runScript(
  script: string,
  options: Partial<ProgramOptions> = {},
): Promise<ProgramEnd & { readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const end = await runProgram(["sh", "-c", script], {
    timeoutMs: TIMEOUT_MS,
    onLine: (stream, line) => lines.push(`${stream}: ${line}`),
    ...options,
  });
  return { ...end, lines };
}

/** Resolves once no process has the id; fails after a timeout. */
async function gone(pid: number): Promise<void> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    // A zombie is gone too: its parent here may never reap it.
    const state = await Deno.readTextFile(`/proc/${pid}/stat`).then((text) => text.split(" ")[2], () => "X");
    if (state === "X" || state === "Z") return;
    assert.ok(performance.now() < deadline, `process ${pid} is still there`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("runProgram() passes on the output line by line, and returns the exit code", async () => {
  const { code, signal, stderr, lines } = await runScript(
    "printf 'one\\r\\ntwo\\n\\nlast'; echo oops >&2; exit 3",
  );
  assert.deepEqual([code, signal, stderr], [3, null, "oops"]);
  assert.deepEqual(lines.filter((line) => line.startsWith("stdout")), [
    "stdout: one",
    "stdout: two",
    "stdout: ",
    "stdout: last",
  ]);
  assert.ok(lines.includes("stderr: oops"));
});

Deno.test("runProgram() uses no shell: arguments arrive unchanged", async () => {
  const lines: string[] = [];
  const words = ["printf", "%s\\n", "$HOME; echo x", "two words", ""];
  await runProgram(words, { timeoutMs: TIMEOUT_MS, onLine: (_, line) => lines.push(line) });
  assert.deepEqual(lines, ["$HOME; echo x", "two words", ""]);
});

Deno.test("runProgram() adds variables to the inherited ones", async () => {
  const { lines } = await runScript('echo "$IH_MINER_HOOK ${PATH:+inherited}"', {
    env: { IH_MINER_HOOK: "on_won" },
  });
  assert.deepEqual(lines, ["stdout: on_won inherited"]);
});

Deno.test("runProgram() writes a megabyte to stdin, and tolerates a program that does not read it", async () => {
  const stdin = "x".repeat(1_000_000);
  assert.deepEqual((await runScript("wc -c | tr -d ' '", { stdin })).lines, ["stdout: 1000000"]);
  assert.equal((await runScript("exit 0", { stdin })).code, 0);
  assert.equal((await runScript("exec 0<&-; echo closed; exit 4", { stdin })).code, 4);
  assert.deepEqual((await runScript("cat", { stdin: "" })).lines, []);
});

Deno.test("runProgram() leaves stdin empty by default", async () => {
  assert.deepEqual((await runScript("cat; echo end")).lines, ["stdout: end"]);
});

Deno.test("runProgram() cuts endless lines and keeps the end of a long stderr", async () => {
  const { lines } = await runScript("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo next");
  assert.equal(lines.length, 2);
  assert.equal(lines[0], `stdout: ${"x".repeat(2_000)}…`);
  assert.equal(lines[1], "stdout: next");
  const { stderr } = await runProgram(["sh", "-c", "seq 100000 >&2; echo last words >&2"], {
    timeoutMs: TIMEOUT_MS,
  });
  assert.ok(stderr.endsWith("last words") && stderr.length <= 2_000);
});

Deno.test("runProgram() decodes a character that arrives in two pieces", async () => {
  const { lines } = await runScript("printf '\\303'; sleep 0.05; printf '\\244\\n'");
  assert.deepEqual(lines, ["stdout: ä"]);
});

Deno.test("runProgram() kills a program that takes too long, with its children", async () => {
  const { code, signal, lines } = await runScript("sleep 60 & echo $! $$; wait", { timeoutMs: 300 });
  assert.equal(code, null);
  assert.equal(signal, "SIGTERM");
  const [child, leader] = lines[0]!.replace("stdout: ", "").split(" ").map(Number);
  await gone(child!);
  await gone(leader!);
});

Deno.test("runProgram() kills programs and children that ignore SIGTERM", async () => {
  const script = "trap '' TERM; sleep 60 & echo $!; while :; do sleep 60; done";
  const { code, signal, lines } = await runScript(script, { timeoutMs: 300, graceMs: 50 });
  assert.deepEqual([code, signal], [null, "SIGKILL"]);
  await gone(Number(lines[0]!.replace("stdout: ", "")));
});

Deno.test("runProgram() kills the children of a program that exits on SIGTERM", async () => {
  const script = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 60; done' & trap 'exit 0' TERM; wait";
  const { code, lines } = await runScript(script, { timeoutMs: 300 });
  assert.equal(code, null, "a killed program did not succeed, whatever its exit code");
  await gone(Number(lines[0]!.replace("stdout: ", "")));
});

Deno.test("runProgram() kills a program when the caller's signal aborts, even before the start", async () => {
  const stop = new AbortController();
  const ended = await runScript("echo ready; sleep 60", {
    signal: stop.signal,
    onLine: () => stop.abort(),
  });
  assert.deepEqual([ended.code, ended.signal], [null, "SIGTERM"]);
  assert.equal((await runScript("sleep 60", { signal: AbortSignal.abort() })).code, null);
});

Deno.test("runProgram() reports the signal that a program died of", async () => {
  const { code, signal } = await runScript("kill -SEGV $$");
  assert.deepEqual([code, signal], [139, "SIGSEGV"]);
});

Deno.test("runProgram() neither waits for a background child nor kills it", async () => {
  const startMs = performance.now();
  const { code, lines } = await runScript("echo before; sleep 60 & echo $!");
  assert.equal(code, 0);
  assert.ok(performance.now() - startMs < 10_000);
  assert.equal(lines[0], "stdout: before");
  const pid = Number(lines[1]!.replace("stdout: ", ""));
  Deno.kill(pid, "SIGKILL");
});

// The runtime would report the abandoned program as a leak.
Deno.test({
  name: "runProgram() abandons a program that it cannot kill",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const asked: unknown[] = [];
    const end = await runProgram(["sleep", "1"], {
      timeoutMs: 5,
      graceMs: 5,
      kill: (pid, signal) => {
        asked.push([Math.sign(pid), signal]);
        throw new Deno.errors.PermissionDenied("EPERM");
      },
    });
    assert.deepEqual(end, { code: null, signal: null, stderr: "" });
    assert.deepEqual(asked.slice(0, 2), [[-1, "SIGTERM"], [-1, "SIGKILL"]]);
  },
});

Deno.test("runProgram() names a program that cannot be started, and the reason", async () => {
  const folder = await Deno.makeTempDir();
  const file = async (name: string, text: string, mode: number): Promise<string> => {
    await Deno.writeTextFile(join(folder, name), text, { mode });
    return join(folder, name);
  };
  const missing = join(folder, "nowhere");
  const cases: [string, RegExp][] = [
    [missing, /there is no such program; correct its name/],
    ["no-such-program-anywhere", /there is no such program/],
    [await file("plain", "#!/bin/sh\n", 0o644), /may not be executed/],
    [folder, /may not be executed/],
    [await file("odd", "#!/no/such/interpreter\n", 0o755), /interpreter .* is missing/],
  ];
  for (const [program, message] of cases) {
    await assert.rejects(runProgram([program, "--password=hush"], { timeoutMs: 1_000 }), (error) => {
      assert.ok(error instanceof ProgramStartError);
      assert.equal(error.program, program);
      assert.ok(error.message.startsWith(`Cannot run ${program}: `), error.message);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /hush/);
      return true;
    });
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("locateProgram() searches the path, accepts paths, and requires an executable file", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-locate-" });
  try {
    const program = join(folder, "tool");
    await Deno.writeTextFile(program, "#!/bin/sh\n", { mode: 0o700 });
    assert.equal(await locateProgram("tool", `/nonexistent:${folder}`), program);
    assert.equal(await locateProgram(program, ""), program);
    assert.equal(await locateProgram("tool", ""), null);
    assert.equal(await locateProgram(folder, ""), null);
    await Deno.chmod(program, 0o600);
    assert.equal(await locateProgram("tool", folder), null);
    assert.equal(await locateProgram(`${program}/below`, ""), null);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
