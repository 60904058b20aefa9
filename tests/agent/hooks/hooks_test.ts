import assert from "node:assert/strict";
import { join } from "node:path";
import type { HooksConfig } from "../../../src/config/hooks.ts";
import { HOOK_NAMES } from "../../../src/config/schema.ts";
import { HookRunner } from "../../../src/agent/hooks/hooks.ts";
import type { ProgramEnd, ProgramOptions, runProgram } from "../../../src/lib/program.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

const DONE: ProgramEnd = { code: 0, signal: null, stderr: "" };

function config(programs: HooksConfig["programs"], timeoutMs = 20_000): HooksConfig {
  return { programs, timeoutMs };
}

function sh(script: string, ...args: readonly string[]): readonly string[] {
  return ["sh", "-c", script, "sh", ...args];
}

/** Calls one script as a hook and waits for its end. */
async function callScript(script: string, document: unknown = {}, timeoutMs?: number): Promise<LogRecorder> {
  const log = new LogRecorder();
  const hooks = new HookRunner({ log });
  hooks.call("on_won", document, config({ on_won: sh(script, "--token=hush") }, timeoutMs));
  await hooks.settled();
  assert.doesNotMatch(JSON.stringify(log.lines), /hush/, "arguments stay out of the log");
  return log;
}

function outputOf(log: LogRecorder): unknown[] {
  return log.lines.filter(({ event }) => event === "Hook output").map(({ fields }) => fields.line);
}

/** Programs that end when the test says so. */
class HeldPrograms {
  readonly calls: { readonly words: readonly string[]; readonly options: ProgramOptions }[] = [];
  readonly #ends: PromiseWithResolvers<ProgramEnd>[] = [];

  readonly run: typeof runProgram = (words, options) => {
    this.calls.push({ words, options });
    const end = Promise.withResolvers<ProgramEnd>();
    this.#ends.push(end);
    options.signal?.addEventListener("abort", () => end.resolve({ ...DONE, code: null, signal: "SIGTERM" }));
    return end.promise;
  };

  async end(result: ProgramEnd = DONE): Promise<void> {
    this.#ends.shift()!.resolve(result);
    // The next one starts a few microtasks later.
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
}

Deno.test("call() of HookRunner gives the document as --once prints it, and the hook's name", async () => {
  const path = await Deno.makeTempFile();
  const document = {
    job: "auction",
    wonCount: 2,
    cap: 10n ** 20n,
    left: undefined,
    own: [{ hashratePh: "0.45" }],
  };
  const log = await callScript(`cat > ${path}; echo "$IH_MINER_HOOK, \${HOME:+inherited}"`, document);
  assert.equal(
    await Deno.readTextFile(path),
    `{
  "job": "auction",
  "won_count": 2,
  "cap": "100000000000000000000",
  "own": [
    {
      "hashrate_ph": "0.45"
    }
  ]
}
`,
  );
  assert.deepEqual(log.lines.map(({ level, event }) => [level, event]), [
    ["info", "Hook output"],
    ["debug", "Hook done"],
  ]);
  assert.deepEqual(log.lines[0]!.fields, { hook: "on_won", stream: "stdout", line: "on_won, inherited" });
  await Deno.remove(path);
});

Deno.test("call() of HookRunner does nothing for a hook without a program", async () => {
  const programs = new HeldPrograms();
  const hooks = new HookRunner({ log: new LogRecorder(), run: programs.run });
  hooks.call("on_lost", {}, config({ on_won: ["a"] }));
  await hooks.settled();
  assert.deepEqual(programs.calls, []);
});

Deno.test("call() of HookRunner logs how a program failed", async () => {
  const failed = (await callScript("echo fine; echo 'no such file' >&2; echo >&2; exit 3")).fieldsOf(
    "Hook failed",
  )!;
  const { seconds, ...rest } = failed;
  assert.equal(typeof seconds, "number");
  assert.deepEqual(rest, {
    hook: "on_won",
    program: "sh",
    error: "ended with exit code 3",
    stderr: "no such file",
  });
  assert.equal((await callScript("kill -KILL $$")).fieldsOf("Hook failed")?.error, "was ended by SIGKILL");
  assert.equal(
    (await callScript("sleep 60", {}, 100)).fieldsOf("Hook failed")?.error,
    "took longer than 0.1 s and was ended ([hooks] timeout)",
  );
});

Deno.test("call() of HookRunner logs a program that cannot be started, and goes on", async () => {
  const log = new LogRecorder();
  const hooks = new HookRunner({ log });
  const programs = config({ on_result: ["/nowhere/program", "hush"], on_won: sh("echo next") });
  hooks.call("on_result", {}, programs);
  hooks.call("on_won", {}, programs);
  await hooks.settled();
  const { program, error } = log.fieldsOf("Hook failed")!;
  assert.equal(program, "/nowhere/program");
  assert.match((error as Error).message, /^Cannot run \/nowhere\/program: there is no such program/);
  assert.doesNotMatch((error as Error).message, /hush/);
  assert.deepEqual(outputOf(log), ["next"]);
});

Deno.test("call() of HookRunner reports each end, without arguments and output", async () => {
  const ends: [string, string | null][] = [];
  const hooks = new HookRunner({ log: new LogRecorder(), onEnded: (...end) => ends.push(end) });
  const programs = config({
    on_result: sh("exit 0", "hush"),
    on_won: sh("echo hush >&2; exit 3", "hush"),
    on_lost: ["/nowhere/program", "hush"],
    on_error: ["/bin/echo", "nul\0", "hush"],
  });
  const circular: { self?: unknown } = {};
  circular.self = circular;
  for (const name of HOOK_NAMES) hooks.call(name, {}, programs);
  hooks.call("on_result", circular, programs);
  hooks.call("on_won", {}, config({ on_won: ["/bin/nul\0"] }));
  hooks.call("on_result", {}, programs);
  await hooks.settled();
  assert.deepEqual(ends.filter(([, error]) => error === null), Array(2).fill(["on_result", null]));
  assert.deepEqual(ends.length, 7);
  const errors = ends.flatMap(([name, error]) => error === null ? [] : [`${name}: ${error}`]);
  assert.match(errors[0]!, /^on_result: .*(cyclic|circular|call stack)/i);
  assert.equal(errors[1], "on_won: ended with exit code 3");
  assert.match(errors[2]!, /^on_lost: Cannot run \/nowhere\/program: there is no such program/);
  assert.match(errors[3]!, /^on_error: Cannot run \/bin\/echo: .*nul byte/);
  assert.match(errors[4]!, /^on_won: Cannot run .*nul byte/);
  assert.doesNotMatch(errors.join("\n"), /hush/);
});

Deno.test("call() of HookRunner never throws, whatever the document is", async () => {
  const log = new LogRecorder();
  const hooks = new HookRunner({ log, run: () => Promise.reject(new Error("not reached")) });
  const circular: { self?: unknown } = {};
  circular.self = circular;
  hooks.call("on_error", circular, config({ on_error: ["a"] }));
  await hooks.settled();
  assert.deepEqual(log.events("error"), ["Hook failed"]);
});

Deno.test("call() of HookRunner gives a megabyte to a program that does not read it", async () => {
  const log = await callScript("exit 0", { text: "x".repeat(1_000_000) });
  assert.deepEqual(log.events(), ["Hook done"]);
});

Deno.test("call() of HookRunner does not wait for background children of a program", async () => {
  const log = await callScript("sleep 60 & echo $!");
  assert.deepEqual(log.events(), ["Hook output", "Hook done"]);
  Deno.kill(Number(log.fieldsOf("Hook output")!.line), "SIGKILL");
});

Deno.test("call() of HookRunner bounds and cleans what it logs", async () => {
  const script = "printf '\\033[31mred\\033[0m\\tand\\007 bell\\n\\n'; seq 1000; echo sorry >&2; exit 1";
  const log = await callScript(script);
  const lines = outputOf(log);
  assert.equal(lines.length, 200);
  assert.ok(lines.includes("red and bell"));
  assert.deepEqual(log.fieldsOf("Hook output cut"), { hook: "on_won", lines_left_out: 802 });
  assert.equal(log.fieldsOf("Hook failed")?.stderr, "sorry");
});

Deno.test("call() of HookRunner runs one program at a time, in order, each with the document of its call", async () => {
  const programs = new HeldPrograms();
  const hooks = new HookRunner({ log: new LogRecorder(), run: programs.run });
  const document = { n: 1 };
  hooks.call("on_result", document, config({ on_result: ["a"] }));
  document.n = 2;
  hooks.call("on_won", document, config({ on_won: ["b", "c"] }, 7));
  assert.equal(programs.calls.length, 1);
  await programs.end({ ...DONE, code: 1 });
  assert.equal(programs.calls.length, 2);
  await programs.end();
  await hooks.settled();
  assert.deepEqual(
    programs.calls.map(({ words, options }) => [words, JSON.parse(options.stdin!), options.timeoutMs]),
    [[["a"], { n: 1 }, 20_000], [["b", "c"], { n: 2 }, 7]],
  );
});

Deno.test("call() of HookRunner drops the oldest that waits, never the one that runs", async () => {
  const [programs, log] = [new HeldPrograms(), new LogRecorder()];
  const hooks = new HookRunner({ log, run: programs.run });
  for (let n = 0; n <= 34; n++) hooks.call("on_result", { n }, config({ on_result: ["a"] }));
  assert.deepEqual(log.events("warning"), Array<string>(2).fill("Hook dropped: too many wait"));
  for (let n = 0; n <= 32; n++) await programs.end();
  await hooks.settled();
  const numbers = programs.calls.map(({ options }) => JSON.parse(options.stdin!).n);
  assert.deepEqual(numbers, [0, ...Array.from({ length: 32 }, (_, i) => i + 3)]);
  hooks.call("on_result", { n: 99 }, config({ on_result: ["a"] }));
  assert.equal(programs.calls.length, 34, "works on after a rest");
  await programs.end();
});

Deno.test("stop() of HookRunner drops waiting calls, and lets the running one end", async () => {
  const [programs, log] = [new HeldPrograms(), new LogRecorder()];
  const hooks = new HookRunner({ log, run: programs.run });
  for (const name of ["on_result", "on_won"] as const) {
    hooks.call(name, {}, config({ on_result: ["a"], on_won: ["b"] }));
  }
  const stopped = hooks.stop(60_000);
  hooks.call("on_result", {}, config({ on_result: ["a"] }));
  await programs.end();
  await stopped;
  assert.equal(programs.calls.length, 1);
  assert.deepEqual(log.fieldsOf("Hooks dropped: the agent stops"), { hooks: ["on_won"] });
  assert.deepEqual(log.events("error"), []);
});

Deno.test("stop() of HookRunner terminates a program that takes too long, with its children", async () => {
  const folder = await Deno.makeTempDir();
  const log = new LogRecorder();
  const started = Promise.withResolvers<void>();
  const info = log.info;
  Object.assign(log, {
    info: (event: string, fields = {}) => {
      info(event, fields);
      started.resolve();
    },
  });
  const hooks = new HookRunner({ log });
  const script = `sleep 60 & echo $!; wait; touch ${join(folder, "survived")}`;
  hooks.call("on_result", {}, config({ on_result: sh(script) }));
  await started.promise;
  await hooks.stop(1);
  assert.deepEqual(log.events("warning"), ["Hook ended: the agent stops"]);
  assert.deepEqual(log.events("error"), []);
  await assert.rejects(Deno.stat(join(folder, "survived")), Deno.errors.NotFound);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("stop() of HookRunner has nothing to wait for when nothing runs", async () => {
  await new HookRunner({ log: new LogRecorder() }).stop(60_000);
});
