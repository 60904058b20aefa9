import assert from "node:assert/strict";
import { join } from "node:path";
import { setUpRig } from "../../scripts/scene/rig.ts";
import { freePort } from "../../scripts/scene/free_port.ts";
import { Agent } from "../support/agent.ts";
import { isRunning, untilGone } from "../support/running.ts";
import { setScene } from "../support/scene.ts";

Deno.test("ih-miner CONFIG serves status, health and metrics where [http] listen says", async () => {
  await using stage = await setScene();
  const port = freePort();
  await Deno.writeTextFile(stage.rig.configPath, `[http]\nlisten = "127.0.0.1:${port}"\n`, { append: true });
  const agent = new Agent(stage.rig.configPath);
  await agent.seen("Auction results computed");
  await agent.seen("Miner commitment updated");
  const get = async (path: string): Promise<string> =>
    await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  assert.equal(await get("/healthz"), "alive\n");
  // The log line of a job comes before its end.
  while (!(await get("/readyz")).startsWith("ready\n"));
  const status = JSON.parse(await get("/api/status"));
  assert.equal(status.identity.hotkey, stage.rig.hotkey);
  assert.match(status.commitment.text, /^2;b;/);
  assert.equal(status.window.first_block, (await agent.seen("Auction results computed")).first_block);
  assert.match(await get("/metrics"), /^ih_miner_build_info\{version="/m);
  assert.match(await get("/"), /Recent events/);

  const { code, seconds } = await agent.stop();
  assert.equal(code, 0);
  assert.ok(seconds < 5, `${seconds} s`);
});

Deno.test("ih-miner CONFIG runs both jobs at once, again on SIGHUP, and ends with 0 on SIGTERM", async () => {
  await using stage = await setScene();
  const agent = new Agent(stage.rig.configPath);
  await agent.seen("Miner commitment updated");
  const first = await agent.seen("Auction results computed");
  assert.match(first.run_id, /^[0-9a-f]{8}$/);
  assert.equal(first.job, "auction");

  agent.signal("SIGHUP");
  await agent.seen("Miner commitment up to date");

  const other = new Agent(stage.rig.configPath);
  assert.equal(await other.code(), 1);
  assert.match(other.lines.at(-1).error, /another ih-miner \(pid \d+\) runs/);

  const { code, seconds } = await agent.stop();
  assert.equal(code, 0);
  assert.ok(seconds < 5, `${seconds} s`);
  assert.equal(agent.lines.at(-1).event, "Stopped: the bid on the chain stays valid without us");
});

Deno.test("ih-miner CONFIG gives a proxy the signal it is owed as soon as the proxy is there", async () => {
  await using stage = await setScene();
  const { rig } = stage;
  const pidFile = `${rig.folder}/proxy.pid`;
  const text = await Deno.readTextFile(rig.configPath);
  await Deno.writeTextFile(rig.configPath, text.replace(/(pools_path = .*)/, `$1\npid_file = "${pidFile}"`));
  await Deno.writeTextFile(
    rig.poolsPath,
    (await Deno.readTextFile(rig.poolsPath)).replace('"0TH/s"', '"1TH/s"'),
  );
  const agent = new Agent(rig.configPath);
  const pending = await agent.seen("Proxy reload pending");
  assert.match(pending.error, /there is no pid file/);

  // The id is there in one piece: the file is renamed into its place.
  const script = `trap 'exit 7' HUP; echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; ` +
    "while :; do sleep 0.05; done";
  const proxy = new Deno.Command("sh", { args: ["-c", script], stdin: "null" }).spawn();
  assert.equal((await proxy.status).code, 7);
  assert.equal((await agent.stop()).code, 0);
});

Deno.test("ih-miner CONFIG stops within 5 s while its jobs wait for an endpoint that never answers", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    const connections: Deno.Conn[] = [];
    for await (const connection of silent) connections.push(connection);
    for (const connection of connections) connection.close();
  })();
  const { port } = silent.addr as Deno.NetAddr;
  const rig = await setUpRig({ chainUrl: `ws://127.0.0.1:${port}` });
  const agent = new Agent(rig.configPath);
  await agent.seen("Agent started");
  const { code, seconds } = await agent.stop("SIGINT");
  assert.equal(code, 0);
  assert.ok(seconds < 5, `${seconds} s`);
  silent.close();
  await accepting;
  await Deno.remove(rig.folder, { recursive: true });
});

Deno.test("ih-miner CONFIG refuses to start with a configuration or wallet that is wrong: exit code 2", async () => {
  const rig = await setUpRig({ chainUrl: "ws://127.0.0.1:1" });
  const missing = new Agent(`${rig.folder}/nowhere.toml`);
  assert.equal(await missing.code(), 2);
  assert.match(missing.lines.at(-1).error, /nowhere\.toml: there is no such file/);

  await Deno.remove(`${rig.folder}/wallets`, { recursive: true });
  const temporary = join(rig.folder, "tmp");
  await Deno.mkdir(temporary);
  const walletless = new Agent(rig.configPath, { TMPDIR: temporary });
  assert.equal(await walletless.code(), 2);
  assert.match(walletless.lines.at(-1).error, /hotkeys\/rig/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(temporary)), []);
  await Deno.remove(rig.folder, { recursive: true });
});

Deno.test("ih-miner CONFIG routes while cbc computes, and ends it on SIGTERM", async () => {
  await using stage = await setScene();
  const { rig } = stage;
  const [program, pidFile] = [join(rig.folder, "cbc"), join(rig.folder, "pids")];
  // What a wrapper starts ends with it.
  await Deno.writeTextFile(program, `#!/bin/sh\nsleep 100 & echo $$ $! >${pidFile}; wait\n`, { mode: 0o755 });
  await Deno.writeTextFile(rig.configPath, `[solver]\nengine = "cbc"\ncbc = "${program}"\n`, {
    append: true,
  });
  const agent = new Agent(rig.configPath);
  assert.equal((await agent.seen("Auction results computed")).stage, "provisional");
  const pids = (await Deno.readTextFile(pidFile)).trim().split(" ").map(Number);
  assert.ok(pids.every(isRunning));
  const { code, seconds } = await agent.stop();
  assert.equal(code, 0);
  assert.ok(seconds < 5, `${seconds} s`);
  await untilGone(pids);
});
