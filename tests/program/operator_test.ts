/** What operators add to the one-file program: hooks, a webhook, ASICs without a proxy, metrics of proxies. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { waitFor } from "../../scripts/e2e/processes.ts";
import { type HookCall, HookFile, WebhookReceiver } from "../../scripts/scene/listeners.ts";
import { leastCoverTh, Machines, sumTh } from "../../scripts/scene/machines.ts";
import { replaceRouting } from "../../scripts/scene/rig.ts";
import { freePort } from "../../scripts/scene/free_port.ts";
import { watch } from "./rights.ts";
import { forEachProgram, type Program, programs, Stage } from "./stage.ts";

const PATIENCE_MS = 60_000;
const HASHRATES_TH = [104, 151, 205, 234, 251, 270, 335, 404];
const NAMES = ["on_result", "on_won", "on_lost", "on_error"];

forEachProgram("hooks and ASICs of the one-file program", (program) => {
  const { name } = program;
  Deno.test(`${name} runs all four hooks with their documents`, async () => {
    await using at = await Stage.open(program, { hasBid: true });
    const hook = await HookFile.make(at.rig.folder);
    await at.configure(`[hooks]\n${NAMES.map((key) => `${key} = ${hook.words}\n`).join("")}`);

    const good = await at.run([at.rig.configPath, "--once", "auction"]);
    assert.equal(good.code, 0, good.err);
    const { run_id: _goodId, ...document } = JSON.parse(good.out);
    assert.ok(document.won_count > 0 && document.lost_count > 0, good.out);
    assert.deepEqual(
      await hook.calls(),
      ["on_result", "on_won", "on_lost"].map((hook) => ({ hook, document })),
    );

    await Deno.writeTextFile(at.rig.poolsPath, "[pools");
    const failed = await at.run([at.rig.configPath, "--once", "auction"]);
    assert.equal(failed.code, 1, failed.out);
    const { run_id: _failedId, ...failure } = JSON.parse(failed.out);
    assert.equal(failure.status, "failed");
    assert.deepEqual((await hook.calls()).slice(3), NAMES.map((hook) => ({ hook, document: failure })));
  });

  Deno.test(`${name} ends a hook that takes too long, with its children, and goes on`, async () => {
    await using at = await Stage.open(program, { hasBid: true });
    const hook = await HookFile.make(at.rig.folder);
    const slow = join(at.rig.folder, "slow.sh");
    const pidPath = join(at.rig.folder, "pid");
    const script = `#!/bin/sh\ntrap '' TERM\n/bin/sleep 600 &\necho $! >"$1"\necho waiting\nwait\nwait\n`;
    await Deno.writeTextFile(slow, script, { mode: 0o700 });
    await at.configure(
      `[hooks]\non_result = ${JSON.stringify([slow, pidPath])}\non_won = ${hook.words}\ntimeout = "1s"\n`,
    );
    const startMs = performance.now();
    const { code, err } = await at.run([at.rig.configPath, "--once", "auction"]);
    const seconds = (performance.now() - startMs) / 1000;
    assert.equal(code, 0, err);
    assert.ok(seconds < 15, `${seconds} s`);
    assert.match(err, /"event":"Hook output"[^\n]*"line":"waiting"/);
    assert.match(err, /"event":"Hook failed"[^\n]*took longer than 1 s/);
    assert.deepEqual((await hook.calls()).map(({ hook }) => hook), ["on_won"]);
    assert.equal(await isRunning(await Deno.readTextFile(pidPath)), false);
  });

  Deno.test(`${name} switches ASICs, and replaces a dead one`, async () => {
    await using at = await Stage.open(program, { hasBid: true });
    await using machines = new Machines(HASHRATES_TH);
    await replaceRouting(at.rig, machines.configText);
    for (const dead of [null, "one"] as const) {
      if (dead !== null) await machines.unplug(machines.atSubnet[0]!);
      const { code, out, err } = await at.run([at.rig.configPath, "--once", "auction"]);
      assert.equal(code, 0, err);
      const { won_hashrate_ph, routing } = JSON.parse(out);
      assert.equal(sumTh(machines.atSubnet), leastCoverTh(machines.sound, won_hashrate_ph * 1000));
      assert.equal(routing.mode, "asic");
      assert.equal(routing.covered_hashrate_ph * 1000, sumTh(machines.atSubnet));
      assert.ok(routing.switched_count > 0);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(at.empty)), []);
    }
  });
});

// At the same time: each takes its first look at what is delivered after 20 seconds.
Deno.test({
  name:
    "each form, as a service, alerts a webhook, calls hooks, switches ASICs and reads a proxy's metric, and " +
    "touches nothing else",
  ignore: programs.length === 0,
  fn: async () => {
    await Promise.all(programs.map(async (program) => {
      try {
        await serve(program);
      } catch (cause) {
        throw new Error(program.name, { cause });
      }
    }));
  },
});

async function serve(program: Program): Promise<void> {
  await using at = await Stage.open(program, { hasBid: true });
  await using machines = new Machines(HASHRATES_TH);
  machines.mineFor(at.rig.hotkey);
  await using webhook = new WebhookReceiver();
  await using metrics = new MetricServer();
  const hook = await HookFile.make(at.rig.folder);
  const listen = `127.0.0.1:${freePort()}`;
  await replaceRouting(at.rig, machines.configText);
  await at.configure(
    `[http]\nlisten = "${listen}"\n` +
      `[hooks]\n${NAMES.map((key) => `${key} = ${hook.words}\n`).join("")}webhook = "${webhook.url}"\n` +
      `[[delivery.sources]]\nurl = "http://rig:s3cret@${metrics.host}/metrics"\n` +
      `metric = 'pool_hashrate{pool="central-proxy"}'\nunit = "TH/s"\n`,
  );
  const { options, check } = watch(at);

  // Too few for what was won.
  const [first, ...others] = machines.all;
  await machines.unplug(...others);
  {
    await using agent = at.start(options);
    await waitFor("an alert", () => webhook.received.length > 0, PATIENCE_MS);
    const [{ state, kind, subject, text }] = webhook.received;
    assert.deepEqual({ state, kind, subject }, { state: "begun", kind: "routing-failed", subject: "asic" });
    assert.match(text, /asic 8/);
    assert.deepEqual(machines.atSubnet, [first]);

    machines.plug(...others);
    agent.kill("SIGHUP");
    const call = await firstCall(hook);
    const wonTh = call.document.won_hashrate_ph * 1000;
    const absent = machines.all.slice(1);
    const expectedTh = first!.hashrateTh + leastCoverTh(absent, wonTh - first!.hashrateTh);
    await waitFor("enough machines", () => sumTh(machines.atSubnet) >= wonTh, PATIENCE_MS);
    assert.equal(sumTh(machines.atSubnet), expectedTh);

    await waitFor("the metric to be read", () => metrics.logins.length > 0, PATIENCE_MS);
    assert.deepEqual([...new Set(metrics.logins)], [`Basic ${btoa("rig:s3cret")}`]);
    const delivered = await deliveredPh(listen);
    assert.equal(Math.round(delivered * 1000), expectedTh + metrics.hashrateTh);

    agent.kill("SIGTERM");
    assert.equal((await agent.status).code, 0);
    assert.ok(!/s3cret|t0ken/.test(JSON.stringify(agent.lines)), "secrets in the log");
  }
  const calls = (await hook.calls()).map(({ hook, document }) => [hook, document.status]);
  assert.deepEqual(calls.slice(0, 4), NAMES.map((name) => [name, "failed"]));

  const asics = machines.all.map(({ server }) => `${server.host}:${server.port}`);
  await check({ hosts: [...asics, webhook.host, metrics.host], listen, programs: [hook.programPath] });
}

/** Whether a process lives; who is dead may stay in the list until somebody takes notice. */
async function isRunning(pid: string): Promise<boolean> {
  try {
    return !/\) Z/.test(await Deno.readTextFile(`/proc/${pid.trim()}/stat`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The first call of a hook, which follows the routing. */
async function firstCall(hook: HookFile): Promise<HookCall> {
  const endMs = performance.now() + PATIENCE_MS;
  while (performance.now() < endMs) {
    const [call] = await hook.calls();
    if (call !== undefined) return call;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("no hook was called");
}

/** What the agent's status says is delivered, once it knows. */
async function deliveredPh(listen: string): Promise<number> {
  for (let i = 0; i < 100; i++) {
    const { delivery } = await (await fetch(`http://${listen}/api/status`)).json();
    if (typeof delivery?.now_ph === "number") return delivery.now_ph;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the status does not say what is delivered");
}

/** A proxy's metrics. */
class MetricServer implements AsyncDisposable {
  readonly hashrateTh = 250;
  /** The header of each request. */
  readonly logins: (string | null)[] = [];
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ headers }) => {
    this.logins.push(headers.get("authorization"));
    return new Response(
      `# TYPE pool_hashrate gauge\npool_hashrate{pool="central-proxy"} ${this.hashrateTh}\n` +
        `pool_hashrate{pool="house"} 1000\n`,
    );
  });

  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
