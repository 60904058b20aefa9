import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setUpRig } from "../../src/simulator/scene/rig.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** `ih-miner --once commitment` as a process. */
class OnceProcess {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #printed = "";

  constructor(configPath: string, temporaryFolder: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", MAIN, configPath, "--once", "commitment"],
      env: { TMPDIR: temporaryFolder },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** What it prints, once there is a whole document. */
  // deno-lint-ignore no-explicit-any -- documents are read by name
  async document(): Promise<any> {
    while (!this.#printed.endsWith("\n}\n")) {
      const { value, done } = await this.#reader.read();
      assert.ok(!done, `it ended after ${this.#printed}`);
      this.#printed += value;
    }
    return JSON.parse(this.#printed);
  }

  /** Sends a signal; gives the exit code. */
  async end(signal: Deno.Signal): Promise<number> {
    this.#child.kill(signal);
    while (!(await this.#reader.read()).done);
    return (await this.#child.status).code;
  }
}

async function untilFile(path: string): Promise<string> {
  for (;;) {
    const text = await Deno.readTextFile(path).catch(() => "");
    if (text.endsWith("\n")) return text.trim();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a process runs; one that has ended may wait for ever for its parent to notice (Z). */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

/** Resolves once none of the processes runs; fails when some still do after a while. */
async function untilGone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (pids.some(isRunning)) {
    assert.ok(performance.now() < deadline, `of ${pids.join(", ")} some still run`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("--once prints its document before the hooks, and SIGTERM ends them", async () => {
  const rig = await setUpRig({ chainUrl: "ws://127.0.0.1:1" });
  const [pidFile, after] = [join(rig.folder, "pids"), join(rig.folder, "after")];
  const script = `sleep 60 & echo $$ $! > ${pidFile}; wait; sleep 60; touch ${after}`;
  await Deno.writeTextFile(rig.configPath, `[hooks]\non_error = ["sh", "-c", "${script}"]\n`, {
    append: true,
  });
  const once = new OnceProcess(rig.configPath, rig.folder);
  assert.equal((await once.document()).status, "failed");
  const pids = (await untilFile(pidFile)).split(" ").map(Number);
  assert.ok(pids.every(isRunning));
  assert.equal(await once.end("SIGTERM"), 143);
  await untilGone(pids);
  await assert.rejects(Deno.stat(after), Deno.errors.NotFound);
  await Deno.remove(rig.folder, { recursive: true });
});

Deno.test("--once is ended by SIGINT while its job runs: a document, no hooks, nothing left behind", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const rig = await setUpRig({ chainUrl: `ws://127.0.0.1:${(silent.addr as Deno.NetAddr).port}` });
  const told = join(rig.folder, "told");
  const temporary = join(rig.folder, "tmp");
  await Deno.mkdir(temporary);
  await Deno.writeTextFile(rig.configPath, `[hooks]\non_error = ["touch", "${told}"]\n`, { append: true });
  const once = new OnceProcess(rig.configPath, temporary);
  // The job waits for an answer now.
  const connection = await silent.accept();
  const printed = once.document();
  const code = once.end("SIGINT");
  const { status, error } = await printed;
  assert.deepEqual([status, error.name], ["failed", "InterruptedError"]);
  assert.match(error.message, /^Ended by SIGINT/);
  assert.equal(await code, 130);
  await assert.rejects(Deno.stat(told), Deno.errors.NotFound);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(temporary))).map(({ name }) => name), []);
  connection.close();
  silent.close();
  await Deno.remove(rig.folder, { recursive: true });
});
