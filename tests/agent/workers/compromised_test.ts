/** A compromised package inside each worker, from source; `tests/program` does the same to the bundled program. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { attemptsOf, CODE_VARIABLE } from "./compromised/attempts.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { holdUmask, MAX_GROWTH_BYTES } from "../../support/shared_process.ts";
import { beginNextWindow, type Scene, setScene } from "../../support/scene.ts";
import { realParts, runDaemon } from "../../../src/agent/daemon.ts";
import type { RunningJob } from "../../../src/agent/workers/job_host.ts";
import {
  launchAddress,
  launchAuction,
  launchCommitment,
  type LaunchOptions,
} from "../../../src/agent/workers/launch.ts";
import { RuntimeStore } from "../../../src/agent/workers/runtime_store.ts";
import { endpointLabel } from "../../../src/chain/networks.ts";
import { NETUID } from "../../../scripts/scene/market.ts";
import { type Config, loadConfig } from "../../../src/config/load.ts";
import { launchCheck } from "../../../src/operator/check/launch_check.ts";

/** The bid of a rig's configuration. */
const BID = "2;b;BTC,1.02=0.25:3,0.45:2";

/** The module of a worker with an attacker's package in it, whose next instance runs this code. */
function compromised(worker: string, code: string): URL {
  Deno.env.set(CODE_VARIABLE, code);
  return new URL(`./compromised/${worker}_worker.ts`, import.meta.url);
}

const LAUNCHES: Readonly<
  Record<string, (options: LaunchOptions & { readonly hotkey: string }, module: URL) => RunningJob<unknown>>
> = {
  address: launchAddress,
  auction: (options, module) => launchAuction({ ...options, known: null }, module),
  check: launchCheck,
  commitment: (options, module) => launchCommitment({ ...options, force: false, dryRun: true }, module),
};

interface Attacked {
  readonly outcome: unknown;
  readonly log: LogRecorder;
  readonly failures: unknown[];
}

/** Runs a worker with code of an attacker in it, to its end. */
async function attack(
  worker: string,
  code: string,
  { config, timeoutMs = 20_000, maxGrowthBytes = MAX_GROWTH_BYTES, runtimes }: {
    readonly config: Config;
    readonly timeoutMs?: number;
    readonly maxGrowthBytes?: number;
    readonly runtimes?: RuntimeStore;
  },
): Promise<Attacked> {
  const log = new LogRecorder();
  const failures: unknown[] = [];
  const hotkey = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
  const onEndpointFailed = (failure: unknown): unknown => failures.push(failure);
  const job = LAUNCHES[worker]!(
    { config, log, hotkey, timeoutMs, maxGrowthBytes, onEndpointFailed, runtimes },
    compromised(worker, code),
  );
  const outcome = await job.result.catch((error) => error);
  assert.equal(await job.ended, true);
  return { outcome, log, failures };
}

/** The configuration of a rig without a chain. */
async function rigConfig(): Promise<{ config: Config; folder: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "config.toml");
  await Deno.writeTextFile(
    path,
    `[bittensor]\nnetwork = "ws://127.0.0.1:1"\nnetuid = 89\n` +
      `[wallet]\nname = "a"\nhotkey_name = "b"\ndirectory = "${folder}"\n` +
      `[workers]\nprice_multiplier = "1.0"\nworker_sizes = { "0.45" = 2 }\n`,
  );
  const config = await loadConfig(path, { HOME: folder });
  await Deno.mkdir(dirname(config.hotkeyPath), { recursive: true });
  await Deno.writeTextFile(config.hotkeyPath, "{}", { mode: 0o600 });
  return { config, folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** The code of a runtime for the store. */
function runtimeCode(url: string, bytes = 4): string {
  const hash = `0x${"00".repeat(32)}`;
  const fields = JSON.stringify({ url, genesisHash: hash, codeHash: hash, versionJson: "{}" });
  return `{ ...${fields}, metadata: new Uint8Array(${bytes}) }`;
}

for (const worker of Object.keys(LAUNCHES)) {
  Deno.test(`a compromised package in the ${worker} worker can neither write, run programs, reach hosts, print nor end the agent`, async () => {
    await using rig = await rigConfig();
    const umask = 0o022;
    using _held = await holdUmask(umask);
    const { outcome } = await attack(worker, attemptsOf({}), rig);
    assert.ok(outcome instanceof Error);
    assert.deepEqual([outcome.name, outcome.message], ["Tried", "possible: []"]);
    assert.equal(Deno.umask(), umask);
  });
}

for (
  const [what, code, expected] of [
    ["null", "post(null)", /expected object/],
    ["a message of an unknown type", `post({ type: "run-cbc", args: ["-solution", "/tmp/x"] })`, /type/],
    [
      "a log line of an unknown level",
      `post({ type: "log", level: "fatal", event: "x", fields: {} })`,
      /level/,
    ],
    [
      "a log line of 100 MB of fields",
      `post({ type: "log", level: "info", event: "x", fields: new Uint8Array(1e7) })`,
      /fields/,
    ],
    ["a log line without fields", `post({ type: "log", level: "info", event: "x", fields: null })`, /fields/],
    [
      "an event that moves the cursor",
      `post({ type: "log", level: "info", event: "\\x1b[2J", fields: {} })`,
      /event/,
    ],
    [
      "the failure of an endpoint that is not configured",
      `post({ type: "endpoint-failed", endpoint: "wss://x.example", kind: "timeout" })`,
      /not configured/,
    ],
    [
      "a failure of an unknown kind",
      `post({ type: "endpoint-failed", endpoint: "ws://127.0.0.1:1", kind: "x" })`,
      /kind/,
    ],
    [
      "the runtime of an endpoint that is not configured",
      `post({ type: "runtime", runtime: ${runtimeCode("wss://x.example")} })`,
      /not configured/,
    ],
    [
      "a runtime of more than 4 MiB",
      `post({ type: "runtime", runtime: ${runtimeCode("ws://127.0.0.1:1", 2 ** 23)} })`,
      /metadata/,
    ],
    [
      "more runtimes than a job fetches",
      `for (let i = 0; i < 40; i++) post({ type: "runtime", runtime: ${runtimeCode("ws://127.0.0.1:1")} })`,
      /more than 32 runtimes/,
    ],
    ["an answer that is none", `post({ type: "done", output: { kind: "computed" } })`, /address|wrong/],
    [
      "more messages than a job has",
      `for (;;) post({ type: "step", step: "x" })`,
      /more than 10000 messages/,
    ],
  ] as const
) {
  Deno.test(`a worker that posts ${what} fails its run alone`, async () => {
    await using rig = await rigConfig();
    const { outcome, failures } = await attack("address", code, rig);
    assert.ok(outcome instanceof Error);
    assert.equal(outcome.name, "WorkerAnswerError");
    assert.match(outcome.message, expected);
    assert.deepEqual(failures, []);
  });
}

Deno.test("what a worker hands over stays with its job, and is dropped when it is of no use", async () => {
  await using rig = await rigConfig();
  const { config } = rig;
  const runtimes = new RuntimeStore(new LogRecorder());
  const url = "ws://127.0.0.1:1";
  const { stateDirectory, endpoints } = { ...config, stateDirectory: rig.folder };
  assert.deepEqual(endpoints, [url]);
  const run = async (code: string): Promise<void> => {
    await attack("auction", code, { config: { ...config, stateDirectory }, runtimes });
  };
  const kept = async (job: string): Promise<number> =>
    (await runtimes.recall({ job, stateDirectory }, endpoints)).length;
  const end = `post({ type: "done", output: null });`;
  await run(`post({ type: "runtime", runtime: ${runtimeCode(url)} }); ${end}`);
  assert.deepEqual([await kept("auction"), await kept("commitment")], [1, 0]);
  const label = endpointLabel(url);
  await run(`post({ type: "endpoint-failed", endpoint: "${label}", kind: "timeout" }); ${end}`);
  assert.equal(await kept("auction"), 1);
  await run(`post({ type: "endpoint-failed", endpoint: "${label}", kind: "invalid-answer" }); ${end}`);
  assert.equal(await kept("auction"), 0);
});

Deno.test("a worker cannot flood the log, nor speak for another run", async () => {
  await using rig = await rigConfig();
  const { outcome, log } = await attack(
    "address",
    `
    const line = (fields) => post({ type: "log", level: "info", event: "x", fields });
    const cycle = {};
    cycle.cycle = cycle;
    line({ run_id: "other", event: "Routing updated", timestamp: 0, level: "error", job: "auction", own: 1 });
    line({ big: "x".repeat(5e6), list: Array(1e5).fill("y".repeat(100)), cycle, huge: 1n << 100_000n });
    line({ bytes: new Uint8Array(1e7), sparse: Array(2 ** 32 - 1), map: new Map([[1, 2]]) });
    for (let i = 0; i < 2000; i++) line({ i });
    post({ type: "failed", name: "\\x1b[2J", message: "z".repeat(1e7), stack: "z".repeat(1e7), wrongInput: false, notBeforeBlock: null });
    `,
    rig,
  );
  const lines = log.lines.filter(({ event }) => event === "x");
  assert.equal(lines.length, 500);
  assert.deepEqual(log.fieldsOf("Worker's log cut"), { lines_left_out: 1503 });
  assert.deepEqual(lines[0]?.fields, { own: 1 });
  const text = JSON.stringify(lines[1]?.fields);
  assert.ok(text.length < 20_000, String(text.length));
  assert.match(text, /\(4998000 more characters\)/);
  assert.ok(outcome instanceof Error);
  assert.equal(outcome.name, "2J");
  assert.ok(outcome.message.length < 3000 && outcome.stack!.length < 3000);
});

Deno.test("a worker that ends itself ends nothing else", async () => {
  await using rig = await rigConfig();
  const { outcome } = await attack("address", "Deno.exit(3)", { ...rig, timeoutMs: 1_500 });
  assert.ok(outcome instanceof Error);
  assert.equal(outcome.name, "JobTimeoutError");
});

Deno.test("a worker that fills the memory is terminated before it ends the agent", async () => {
  await using rig = await rigConfig();
  const { outcome } = await attack(
    "address",
    `Object.defineProperty(self, "onmessage", { set: () => {} });
    const kept = [];
    setInterval(() => kept.push(new Uint8Array(2 * 1024 ** 2).fill(1)), 5);`,
    { ...rig, maxGrowthBytes: 64 * 1024 ** 2 },
  );
  assert.ok(outcome instanceof Error);
  assert.equal(outcome.name, "WorkerGrowthError");
  assert.match(outcome.message, /took over 64 MiB more memory/);
});

Deno.test("a worker that answers nonsense leaves the routing, and the next run is good", async () => {
  await using scene = await setScene();
  const { simulator, rig } = scene;
  const { chain } = simulator;
  chain.setCommitment({ netuid: NETUID, hotkey: rig.hotkey, data: BID, block: chain.head.number - 25 });
  let code = "";
  const log = new LogRecorder();
  const stop = new AbortController();
  await using agent = await startAgent(scene, log, stop, () => code);
  await until(() => log.events().filter((event) => event === "Routing updated").length === 1);
  const routed = await Deno.readTextFile(rig.poolsPath);
  assert.match(routed, /target_hashrate = "\d+TH\/s"/);

  const lies = [
    "post(null)",
    "onAnswer((answer) => ({ ...answer, solved: { ...answer.solved, wins: answer.solved.wins.map(() => 1e300) } }))",
    // A whole epoch later, which by itself is consistent.
    `onAnswer(({ snapshot, startBlock, ...answer }) => {
      const later = (block) => ({ ...block, number: block.number + 361 });
      const { head, firstBlock } = snapshot;
      return { ...answer, startBlock: startBlock + 361,
        snapshot: { ...snapshot, head: later(head), firstBlock: later(firstBlock) } };
    })`,
  ];
  for (const [i, lie] of lies.entries()) {
    code = lie;
    if (i === 0) beginNextWindow(simulator);
    else agent.runNow();
    await until(() => failuresIn(log).length === i + 1);
    assert.equal(await Deno.readTextFile(rig.poolsPath), routed);
  }
  assert.deepEqual(failuresIn(log), lies.map(() => "WorkerAnswerError"));

  code = "";
  agent.runNow();
  await until(() => log.events().includes("Auction works again"));
});

/** The names of the errors that auction runs failed with. */
function failuresIn(log: LogRecorder): unknown[] {
  return log.lines.filter(({ event }) => event === "Auction failed").map(({ fields }) => fields.error_name);
}

/** The service, with the code of an attacker in each auction's worker. */
async function startAgent(
  { rig }: Scene,
  log: LogRecorder,
  stop: AbortController,
  code: () => string,
): Promise<{ runNow: () => void } & AsyncDisposable> {
  const ready = Promise.withResolvers<{ runNow: () => void }>();
  const end = runDaemon({
    configPath: rig.configPath,
    environment: { HOME: rig.folder },
    log,
    signal: stop.signal,
    onReady: ready.resolve,
  }, {
    ...realParts(),
    scheduler: { schedule: () => {}, stop: () => {} },
    jitterMs: () => 0,
    launchAuction: (options) => launchAuction(options, compromised("auction", code())),
  });
  const { runNow } = await ready.promise;
  return {
    runNow,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await end;
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  const startMs = performance.now();
  while (!holds()) {
    assert.ok(performance.now() - startMs < 60_000, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
