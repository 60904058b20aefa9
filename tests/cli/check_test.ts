import assert from "node:assert/strict";
import { parseCommand } from "../../src/cli/arguments.ts";
import { type CheckReport, runCheck } from "../../src/cli/check.ts";
import { UsageError } from "../../src/lib/args.ts";
import { epochStart, windowAt } from "../../src/auction/protocol/windows.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { NETUID, setUpMarket, TEMPO } from "../../scripts/scene/market.ts";
import { type Rig, setUpRig } from "../../scripts/scene/rig.ts";
import { LogRecorder } from "../support/log_recorder.ts";

interface Stage extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly rig: Rig;
  /** `ih-miner check config.toml`, as lines by what was checked. */
  check(): Promise<{ exitCode: number; lines: Record<string, string> }>;
}

async function stage(): Promise<Stage> {
  const start = 7_500_000;
  const { firstBlock } = windowAt(start, epochStart(NETUID, TEMPO, start));
  const simulator = await startSimulator({ startBlock: firstBlock + 5, timestamps: "clock" });
  setUpMarket(simulator.chain, firstBlock - 20);
  const rig = await setUpRig({ chainUrl: simulator.url });
  simulator.chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
  return {
    simulator,
    rig,
    check: async () => {
      const { exitCode, text } = await run(rig.configPath, false, rig.folder);
      return { exitCode, lines: byCheck(text) };
    },
    [Symbol.asyncDispose]: async () => {
      await simulator.close();
      await Deno.remove(rig.folder, { recursive: true });
    },
  };
}

function run(configPath: string, json: boolean, home: string): Promise<CheckReport> {
  return runCheck({ configPath, json }, {
    log: new LogRecorder(),
    signal: new AbortController().signal,
    environment: { HOME: home },
  });
}

/** `ok    bid           text` → { bid: "ok text" }. */
function byCheck(text: string): Record<string, string> {
  const lines = [...text.matchAll(/^(ok|warn|fail) +(\w+) +(.*)$/gm)];
  return Object.fromEntries(lines.map(([, status, check, message]) => [check, `${status} ${message}`]));
}

async function edit(path: string, from: string | RegExp, to: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  assert.notEqual(text.replace(from, to), text);
  await Deno.writeTextFile(path, text.replace(from, to));
}

Deno.test("check says ok to everything a good host has, and submits nothing", async () => {
  await using at = await stage();
  const before = at.simulator.chain.head.number;
  const { exitCode, lines } = await at.check();
  assert.equal(exitCode, 0, JSON.stringify(lines));
  assert.match(lines["bid"]!, /^ok 2;b;BTC,1\.02=0\.25:3,0\.45:2 \(26 of 128 bytes, 5 workers\)$/);
  assert.ok(lines["wallet"]!.startsWith("ok ") && lines["wallet"]!.endsWith(at.rig.hotkey));
  for (const check of ["config", "proxy", "reload", "state", "endpoint", "clock", "registration"]) {
    assert.match(lines[check] ?? "missing", /^ok /, check);
  }
  assert.match(lines["solver"]!, /glpk.*estimated/);
  assert.equal(at.simulator.chain.head.number, before);
});

Deno.test("check says of a paused bid that nothing is offered", async () => {
  await using at = await stage();
  await edit(at.rig.configPath, "[workers]", "[workers]\nenabled = false");
  const { exitCode, lines } = await at.check();
  assert.equal(exitCode, 0);
  assert.match(lines["bid"]!, /^ok withdrawn: nothing is offered \(\[workers\] enabled = false\);/);
});

Deno.test("check --json is one document with the same findings", async () => {
  await using at = await stage();
  const { exitCode, text } = await run(at.rig.configPath, true, at.rig.folder);
  const document = JSON.parse(text);
  assert.equal(exitCode, 0);
  assert.equal(document.status, "warn");
  const wallet = document.checks.find(({ check }: { check: string }) => check === "wallet");
  assert.deepEqual([wallet.status, wallet.fix], ["ok", null]);
});

/** Each: what is wrong, how it gets so, the check that finds it, the exit code, and words of the line. */
const faults: [string, (stage: Stage) => void | Promise<void>, string, number, RegExp][] = [
  ["no configuration", ({ rig }) => Deno.remove(rig.configPath), "config", 2, /no such file/],
  [
    "a TOML mistake",
    ({ rig }) => edit(rig.configPath, "netuid = 89", "netuid ="),
    "config",
    2,
    /line \d+, column/,
  ],
  ["a size out of range", ({ rig }) => edit(rig.configPath, '"0.45" = 2', '"0.5" = 2'), "bid", 2, /0\.5/],
  [
    "a missing wallet",
    ({ rig }) => Deno.remove(`${rig.folder}/wallets`, { recursive: true }),
    "wallet",
    2,
    /there is no such file/,
  ],
  ["a missing proxy file", ({ rig }) => Deno.remove(rig.poolsPath), "proxy", 1, /there is no such file/],
  [
    "a proxy file without the pool",
    ({ rig }) => edit(rig.poolsPath, '"central-proxy"', '"elsewhere"'),
    "proxy",
    1,
    /central-proxy/,
  ],
  [
    "a hotkey that is not registered",
    ({ simulator, rig }) => simulator.chain.deregisterNeuron(NETUID, rig.hotkey),
    "registration",
    1,
    /not registered on subnet 89/,
  ],
  [
    "no node",
    ({ rig }) => edit(rig.configPath, /ws:\/\/127\.0\.0\.1:\d+/, "ws://127.0.0.1:1"),
    "endpoint",
    1,
    /127\.0\.0\.1:1/,
  ],
  [
    "a cbc that is not there",
    ({ rig }) => edit(rig.configPath, "[state]", '[solver]\ncbc = "/nowhere/cbc"\n\n[state]'),
    "solver",
    1,
    /\/nowhere\/cbc/,
  ],
];
for (const [what, arrange, check, code, message] of faults) {
  Deno.test(`check finds ${what} and ends with ${code}`, async () => {
    await using at = await stage();
    await arrange(at);
    const { exitCode, lines } = await at.check();
    assert.match(lines[check] ?? "missing", /^fail /);
    assert.match(lines[check]!, message);
    assert.equal(exitCode, code);
  });
}

Deno.test("parseCommand() takes check with a configuration and --json, and nothing of --once", () => {
  assert.deepEqual(parseCommand(["check", "c.toml", "--json"]), {
    name: "check",
    configPath: "c.toml",
    json: true,
    logLevel: "info",
    logFormat: "json",
  });
  assert.throws(() => parseCommand(["check", "--once", "auction"]), UsageError);
  assert.throws(() => parseCommand(["check", "--dry-run"]), UsageError);
  assert.throws(() => parseCommand(["c.toml", "--json"]), UsageError);
});

Deno.test("check finds a worker id of another hotkey, and gives the exact line to write", async () => {
  await using at = await stage();
  const { hotkey, poolsPath } = at.rig;
  assert.match((await at.check()).lines.identity!, /^ok 1 of 1 identities are credited to this hotkey$/);
  await edit(poolsPath, `sn89auction.${hotkey}.worker1`, "sn89auction.5Other.rig7");
  const { exitCode, text } = await run(at.rig.configPath, false, at.rig.folder);
  assert.equal(exitCode, 1);
  assert.match(
    text,
    /^fail +identity +pools\.main\[0\] "central-proxy": worker_id is "sn89auction\.5Other\.rig7", whose/m,
  );
  assert.ok(text.includes(`→ worker_id = "sn89auction.${hotkey}.rig7"\n`), text);
  await edit(poolsPath, /^worker_id.*$/m, "");
  assert.match(
    (await at.check()).lines.identity!,
    /^warn .* has no worker_id: every machine's own worker name must be/,
  );
});

Deno.test("check parses a Braiins profile and looks at its targets", async () => {
  await using at = await stage();
  const path = `${at.rig.folder}/profile.toml`;
  const goals = ["InfiniteHashLuxorGoal", "MinerDefaultGoal"].map((name) =>
    `[[routing.goal]]\nname = "${name}"\nhr_weight = 1\n`
  );
  const target = '[[target]]\nname = "t"\nuser_identity = "worker1"\n[[routing]]\n';
  await edit(at.rig.configPath, /\[routing\][^]*\[state\]/, `[routing]\nprofile_path = "${path}"\n[state]`);
  await Deno.writeTextFile(path, `${target}${goals[0]}[[routing.goal.level]]\ntargets = ["t"]\n${goals[1]}`);
  assert.match(
    (await at.check()).lines.identity!,
    /^fail target "t": user_identity is "worker1", which is not/,
  );
  await Deno.writeTextFile(path, target + goals[0]);
  assert.match(
    (await at.check()).lines.proxy!,
    /^fail .*no \[\[routing\.goal\]\] is named "MinerDefaultGoal"/,
  );
});

Deno.test("check says what several prices mean for the credit, and how much one worker id is credited with", async () => {
  await using at = await stage();
  const tier = (price: string): string =>
    `[[workers.tiers]]\nprice_multiplier = "${price}"\nworker_sizes = { "0.45" = 1 }\n`;
  await edit(at.rig.configPath, /price_multiplier[^]*\[routing\]/, `${tier("0.98")}${tier("1.05")}[routing]`);
  assert.equal(
    (await at.check()).lines.bid,
    "warn several prices: validators match what wins at several of them worker by worker; the subnet's pool is mined " +
      "under 1 worker id, so at most 0.45 of 0.9 PH/s can be credited when all of it wins",
  );
  await edit(at.rig.poolsPath, /^worker_id.*$/m, "");
  assert.match(
    (await at.check()).lines.bid!,
    /^warn several prices: .*: every worker name must carry about as much as/,
  );
});
