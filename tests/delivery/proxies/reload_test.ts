import assert from "node:assert/strict";
import { join } from "node:path";
import { ProgramStartError } from "../../../src/lib/program.ts";
import { journalPath } from "../../../src/delivery/proxies/journal.ts";
import { type CommandEnd, osProcesses, type Processes } from "../../../src/delivery/proxies/processes.ts";
import { giveReload, MAX_PID_FILE_BYTES, type ReloadMethod } from "../../../src/delivery/proxies/reload.ts";
import { applyRouting, recoverRouting, type RoutingTarget } from "../../../src/delivery/proxies/route.ts";
import { osFiles } from "../../../src/delivery/proxies/files.ts";
import { inTemporaryFolder } from "../../../src/lib/temporary_folder.ts";
import { MemoryFiles } from "./memory_files.ts";

const PATH = "/proxy/pools.toml";
const PID_FILE = "/run/proxy.pid";
const STATE = "/var/state";
const POOLS = `[[pools.main]]\nname = "central-proxy"\ntarget_hashrate = "0TH/s"\n`;

/** Processes that are not there: it is kept what they were asked. */
class FakeProcesses implements Processes {
  readonly ownPid = 99;
  readonly asked: unknown[] = [];
  /** Thrown by `signal`. */
  failure: Error | null = null;
  end: CommandEnd = { code: 0, stderr: "" };
  /** By process id; `null`: nobody can tell. */
  ages: Readonly<Record<number, number>> | null = null;

  ageSeconds(pids: readonly number[]): Promise<readonly number[] | null> {
    const { ages } = this;
    return Promise.resolve(ages === null ? null : pids.map((pid) => ages[pid]!));
  }

  signal(pid: number, signal: Deno.Signal): void {
    this.asked.push([signal, pid]);
    if (this.failure !== null) throw this.failure;
  }

  run(words: readonly string[]): Promise<CommandEnd> {
    this.asked.push(words);
    return Promise.resolve(this.end);
  }
}

function disk(pid: string | null = "4711\n"): MemoryFiles {
  const files = new MemoryFiles(PATH);
  for (const folder of ["/proxy", "/var", "/run"]) files.folders.add(folder);
  files.setText(PATH, POOLS);
  if (pid !== null) files.setText(PID_FILE, pid);
  return files;
}

const BY_SIGNAL: ReloadMethod = { signal: "SIGHUP", pidFile: PID_FILE };
const BY_COMMAND: ReloadMethod = { reloadCommand: ["systemctl", "reload", "proxy"] };

function target(method: ReloadMethod): RoutingTarget {
  return { mode: "ihp", poolsPath: PATH, subnetPoolName: "central-proxy", ...method };
}

const DEMAND = { wonSizes: ["0.45"], lostSizes: [] };

Deno.test("giveReload() reads no pid file of more than MAX_PID_FILE_BYTES", async () => {
  await inTemporaryFolder(async (folder) => {
    const [pidFile, processes] = [join(folder, "proxy.pid"), new FakeProcesses()];
    const method: ReloadMethod = { signal: "SIGHUP", pidFile };
    const context = { files: osFiles, processes, nowMs: Date.now() };
    await Deno.writeTextFile(pidFile, "4711".padEnd(MAX_PID_FILE_BYTES));
    assert.equal(await giveReload(method, context), null);
    await Deno.writeTextFile(pidFile, "4711".padEnd(MAX_PID_FILE_BYTES + 1));
    assert.equal(
      await giveReload(method, context),
      `the pid file ${pidFile} holds no process id; correct pid_file`,
    );
    assert.equal(processes.asked.length, 1);
  });
});

Deno.test("giveReload() signals the process of the pid file", async () => {
  const processes = new FakeProcesses();
  assert.equal(await giveReload(BY_SIGNAL, { files: disk(), processes, nowMs: 0 }), null);
  assert.deepEqual(processes.asked, [["SIGHUP", 4711]]);
});

const noSignal: [string, string | null, Error | null, RegExp][] = [
  ["there is no pid file", null, null, /no pid file \/run\/proxy\.pid/],
  ["the pid file is empty", "", null, /holds no process id/],
  ["the pid file names all processes", "-1", null, /holds no process id/],
  ["the pid file names our process group", "0", null, /holds no process id/],
  ["the pid file names ourselves", "99", null, /names ih-miner itself/],
  ["the process is gone", "4711", new Deno.errors.NotFound("ESRCH"), /no process has the id 4711/],
  [
    "the process is another user's",
    "4711",
    new Deno.errors.PermissionDenied("EPERM"),
    /not allowed to signal/,
  ],
  [
    "the runtime forbids it",
    "4711",
    new Deno.errors.NotCapable("Requires run access"),
    /Requires run access/,
  ],
];
for (const [when, pid, failure, message] of noSignal) {
  Deno.test(`giveReload() reports why when ${when}`, async () => {
    const processes = new FakeProcesses();
    processes.failure = failure;
    const reason = await giveReload(BY_SIGNAL, { files: disk(pid), processes, nowMs: 0 });
    assert.match(reason ?? "", message);
    if (failure === null) assert.deepEqual(processes.asked, []);
  });
}

/** A process and the file with its id. */
interface PidCase {
  /** The age of the file by the host's clock. */
  readonly fileSeconds: number;
  readonly processSeconds: number;
  readonly bootSeconds?: number;
  /** How far the host's clock was set since the agent started. */
  readonly setHours?: number;
  readonly isTold: boolean;
}

for (
  const [what, { fileSeconds, processSeconds, bootSeconds = 1_000_000, setHours = 0, isTold }] of [
    ["wrote its id long ago", { fileSeconds: 5_000, processSeconds: 5_003, isTold: true }],
    ["began long after its id was written", { fileSeconds: 5_000, processSeconds: 60, isTold: false }],
    ["began a bit later, by a clock that was set", {
      fileSeconds: 5_290,
      processSeconds: 5_000,
      isTold: true,
    }],
    ["has its id in a file of the future", { fileSeconds: -90, processSeconds: 5, isTold: true }],
    ["was started before the clock was set at boot", {
      fileSeconds: 1e9,
      processSeconds: 600,
      bootSeconds: 700,
      isTold: true,
    }],
    ["wrote its id an hour before the clock was set ahead by 10 h", {
      fileSeconds: 39_600,
      processSeconds: 3_600,
      setHours: 10,
      isTold: true,
    }],
    ["wrote its id an hour before the clock was set back by 10 h", {
      fileSeconds: -32_400,
      processSeconds: 3_600,
      setHours: -10,
      isTold: true,
    }],
    ["began long after its id was written, with a clock that was set ahead by 10 h", {
      fileSeconds: 100_000,
      processSeconds: 60,
      setHours: 10,
      isTold: false,
    }],
  ] as [string, PidCase][]
) {
  Deno.test(`giveReload() ${isTold ? "signals" : "does not signal"} a process that ${what}`, async () => {
    const files = disk();
    const nowMs = 1.8e12;
    files.modified.set(PID_FILE, nowMs - fileSeconds * 1000);
    const processes = new FakeProcesses();
    processes.ages = { 4711: processSeconds, 1: bootSeconds };
    const steadyMs = nowMs - setHours * 3_600_000;
    const reason = await giveReload(BY_SIGNAL, { files, processes, nowMs, steadyMs });
    assert.deepEqual(processes.asked, isTold ? [["SIGHUP", 4711]] : []);
    if (isTold) assert.equal(reason, null);
    else assert.match(reason ?? "", /process 4711 began long after \/run\/proxy\.pid was written/);
  });
}

Deno.test("giveReload() runs a command, and reports how it failed", async () => {
  const processes = new FakeProcesses();
  const context = { files: disk(), processes, nowMs: 0 };
  assert.equal(await giveReload(BY_COMMAND, context), null);
  assert.deepEqual(processes.asked, [["systemctl", "reload", "proxy"]]);
  processes.end = { code: 5, stderr: "Unit proxy.service not found." };
  assert.equal(
    await giveReload(BY_COMMAND, context),
    "systemctl … ended with exit code 5: Unit proxy.service not found.",
  );
  processes.end = { code: null, stderr: "" };
  assert.equal(await giveReload(BY_COMMAND, context), "systemctl … was ended after 10 s");
});

for (
  const [method, given, would] of [[BY_SIGNAL, "signalled", "would-signal"], [
    BY_COMMAND,
    "ran",
    "would-run",
  ]] as const
) {
  Deno.test(`applyRouting() reports a reload that was ${given}, and is silent when nothing changed`, async () => {
    const [files, processes] = [disk(), new FakeProcesses()];
    const options = { stateDirectory: STATE, dryRun: false, nowMs: 5, files, processes };
    const rehearsed = await applyRouting(target(method), DEMAND, { ...options, dryRun: true });
    assert.equal(rehearsed.reload, would);
    assert.deepEqual(processes.asked, []);
    const report = await applyRouting(target(method), DEMAND, options);
    assert.equal(report.reload, given);
    assert.doesNotMatch(JSON.stringify(report), /"proxy"/, "arguments may hold secrets");
    assert.equal(processes.asked.length, 1);
    assert.equal((await applyRouting(target(method), DEMAND, options)).reload, "not-needed");
    assert.equal(processes.asked.length, 1);
    assert.ok(!files.contents.has(journalPath(STATE, PATH)));
  });

  Deno.test(`recoverRouting() owes a reload that was not ${given} across restarts until it succeeds`, async () => {
    const processes = new FakeProcesses();
    processes.failure = new Deno.errors.NotFound("ESRCH");
    processes.end = { code: 1, stderr: "" };
    let files = disk();
    const run = { stateDirectory: STATE, dryRun: false, processes };
    const pending = await applyRouting(target(method), DEMAND, { ...run, files, nowMs: 5 });
    assert.equal(pending.reload, "pending");
    for (let restart = 0; restart < 3; restart++) {
      files = files.restart();
      const again = await recoverRouting(target(method), { ...run, files, nowMs: 50 + restart });
      assert.equal(again.reload, "pending");
      assert.equal(again.reloadPendingSinceMs, 5);
      assert.notEqual(again.reloadError, null);
    }
    processes.failure = null;
    processes.end = { code: 0, stderr: "" };
    files = files.restart();
    assert.equal((await recoverRouting(target(method), { ...run, files, nowMs: 90 })).reload, given);
    assert.equal((await recoverRouting(target(method), { ...run, files, nowMs: 91 })).reload, "not-needed");
  });
}

Deno.test("recoverRouting() retries a pending reload by the method configured now", async () => {
  const [files, processes] = [disk(null), new FakeProcesses()];
  const options = { stateDirectory: STATE, dryRun: false, nowMs: 5, files, processes };
  assert.equal((await applyRouting(target(BY_SIGNAL), DEMAND, options)).reload, "pending");
  assert.equal((await recoverRouting(target({ sentinelPath: "/run/now" }), options)).reload, "touched");
  assert.equal(files.timesMs.get("/run/now"), 5);
});

Deno.test("applyRouting() gives a proxy its share of what was won", async () => {
  const files = disk();
  const options = { stateDirectory: STATE, dryRun: false, nowMs: 5, files, processes: new FakeProcesses() };
  await applyRouting({ ...target(BY_SIGNAL), share: 0.3 } as RoutingTarget, DEMAND, options);
  assert.match(files.text(PATH)!, /target_hashrate = "135TH\/s"/);
});

Deno.test("osProcesses signals a real process that keeps its id in a file, and runs real programs", async () => {
  const folder = await Deno.makeTempDir();
  const proxy = new Deno.Command("sh", {
    args: ["-c", `trap 'exit 7' HUP; echo $$ > ${folder}/pid; while :; do sleep 0.02; done`],
    stdin: "null",
  }).spawn();
  const pidFile = join(folder, "pid");
  while (!(await Deno.readTextFile(pidFile).catch(() => "")).endsWith("\n")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const [age, own, first] = await osProcesses.ageSeconds([proxy.pid, Deno.pid, 1]) ?? [];
  assert.ok(age !== undefined && own !== undefined && first !== undefined, "ps can tell");
  assert.ok(age <= own && own <= first);
  assert.equal(await osProcesses.ageSeconds([proxy.pid, 2 ** 30]), null, "no such process");
  osProcesses.signal(Number(await Deno.readTextFile(pidFile)), "SIGHUP");
  assert.equal((await proxy.status).code, 7);

  const run = (script: string, timeoutMs = 5_000): Promise<CommandEnd> =>
    osProcesses.run(["sh", "-c", script], { timeoutMs });
  assert.deepEqual(await run("echo said; exit 0"), { code: 0, stderr: "" });
  const failed = await run("seq 100000 >&2; echo last words >&2; exit 3");
  assert.equal(failed.code, 3);
  assert.ok(failed.stderr.endsWith("last words") && failed.stderr.length <= 2_000);
  assert.equal((await run("sleep 60", 50)).code, null);
  // A child that goes on in the background keeps stderr open; that must not keep us.
  assert.deepEqual(await run("sleep 1 & exit 0"), { code: 0, stderr: "" });
  await assert.rejects(osProcesses.run([join(folder, "nowhere")], { timeoutMs: 1 }), ProgramStartError);
  await Deno.remove(folder, { recursive: true });
});
