import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NETUID } from "../../scripts/scene/market.ts";
import { replaceRouting, type Rig, setUpRig } from "../../scripts/scene/rig.ts";
import { isRunning, untilGone } from "../support/running.ts";
import { beginNextWindow, setScene } from "../support/scene.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** `ih-miner` as a process. */
class AgentProcess {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #printed = "";

  constructor(args: readonly string[], temporaryFolder: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", MAIN, ...args],
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

Deno.test("--once prints its document before the hooks, and SIGTERM ends them", async () => {
  const rig = await setUpRig({ chainUrl: "ws://127.0.0.1:1" });
  const [pidFile, after] = [join(rig.folder, "pids"), join(rig.folder, "after")];
  const script = `sleep 60 & echo $$ $! > ${pidFile}; wait; sleep 60; touch ${after}`;
  await Deno.writeTextFile(rig.configPath, `[hooks]\non_error = ["sh", "-c", "${script}"]\n`, {
    append: true,
  });
  const once = new AgentProcess([rig.configPath, "--once", "commitment"], rig.folder);
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
  const once = new AgentProcess([rig.configPath, "--once", "commitment"], temporary);
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

/** A configured cbc that never ends, and starts another program that does not, as a wrapper does. */
async function hangingCbc({ folder, configPath }: Rig): Promise<{ pids: () => Promise<number[]> }> {
  const [program, pidFile] = [join(folder, "cbc"), join(folder, "pids")];
  await Deno.writeTextFile(program, `#!/bin/sh\nsleep 60 & echo $$ $! > ${pidFile}; wait\n`, { mode: 0o755 });
  await Deno.writeTextFile(configPath, `[solver]\nengine = "cbc"\ncbc = "${program}"\n`, { append: true });
  return { pids: async () => (await untilFile(pidFile)).split(" ").map(Number) };
}

const EXIT_CODES = { SIGTERM: 143, SIGINT: 130 } as const;

for (const [signal, exitCode] of Object.entries(EXIT_CODES) as [keyof typeof EXIT_CODES, number][]) {
  Deno.test(`--once auction is ended by ${signal} while cbc hangs: nothing of it stays`, async () => {
    await using stage = await setScene();
    const { rig } = stage;
    const cbc = await hangingCbc(rig);
    const [temporary, proxy] = [join(rig.folder, "tmp"), await Deno.readTextFile(rig.poolsPath)];
    await Deno.mkdir(temporary);
    const once = new AgentProcess([rig.configPath, "--once", "auction"], temporary);
    const pids = await cbc.pids();
    assert.ok(pids.every(isRunning));
    const printed = once.document();
    const code = once.end(signal);
    assert.equal((await printed).error.name, "InterruptedError");
    assert.equal(await code, exitCode);
    await untilGone(pids);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(temporary)), []);
    assert.equal(await Deno.readTextFile(rig.poolsPath), proxy);
  });
}

Deno.test("check is ended by SIGTERM while cbc hangs: nothing of it stays", async () => {
  const rig = await setUpRig({ chainUrl: "ws://127.0.0.1:1" });
  const cbc = await hangingCbc(rig);
  const temporary = join(rig.folder, "tmp");
  await Deno.mkdir(temporary);
  const check = new AgentProcess(["check", rig.configPath], temporary);
  const pids = await cbc.pids();
  assert.equal(await check.end("SIGTERM"), 143);
  await untilGone(pids);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(temporary)), []);
  await Deno.remove(rig.folder, { recursive: true });
});

Deno.test("--once auction ends what it has begun to route before it heeds SIGTERM", async () => {
  await using stage = await setScene();
  const { simulator, rig } = stage;
  const [pidFile, temporary] = [join(rig.folder, "pids"), join(rig.folder, "tmp")];
  await Deno.mkdir(temporary);
  const script = `sleep 60 & echo $$ $! > ${pidFile}; sleep 1; kill $!; exit 0`;
  await replaceRouting(
    rig,
    `[routing]\nmode = "ihp"\npools_path = "${rig.poolsPath}"\nreload_command = ["sh", "-c", "${script}"]`,
  );
  const { chain } = simulator;
  chain.setCommitment({ netuid: NETUID, hotkey: rig.hotkey, data: "2;b;BTC,1.02=0.25:3,0.45:2" });
  beginNextWindow(simulator);
  const once = new AgentProcess([rig.configPath, "--once", "auction"], temporary);
  const printed = once.document();
  const pids = (await untilFile(pidFile)).split(" ").map(Number);
  const code = once.end("SIGTERM");
  const { routing } = await printed;
  assert.deepEqual([routing.changed, routing.reload], [true, "ran"]);
  assert.equal(await code, 143);
  await untilGone(pids);
});
