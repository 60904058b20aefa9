import assert from "node:assert/strict";
import { join } from "node:path";
import { parseCommand } from "../../src/cli/arguments.ts";
import { toDocument } from "../../src/lib/document.ts";
import { runOnce } from "../../src/cli/once.ts";
import { runReplay } from "../../src/cli/replay.ts";
import { lockInstance } from "../../src/agent/instance_lock.ts";
import { startMiner } from "../../src/simulator/asic/mod.ts";
import type { Simulator } from "../../src/simulator/mod.ts";
import { NETUID } from "../../scripts/scene/market.ts";
import type { Rig } from "../../scripts/scene/rig.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { beginNextWindow, setScene } from "../support/scene.ts";

interface Run {
  readonly exitCode: number;
  // deno-lint-ignore no-explicit-any -- documents are read by name, as a user's script does
  readonly document: any;
  readonly log: LogRecorder;
}

/** Runs `ih-miner config.toml …` in this process, with nothing of its environment. */
async function run(rig: Rig, ...args: string[]): Promise<Run> {
  return await runCommand(rig, [rig.configPath, ...args]);
}

async function runCommand(rig: Rig, args: string[]): Promise<Run> {
  const command = parseCommand(args);
  assert.ok(command.name === "once");
  const log = new LogRecorder();
  const { signal } = new AbortController();
  const { exitCode, document, callHooks } = await runOnce(command, {
    log,
    signal,
    environment: { HOME: rig.folder },
  });
  await callHooks();
  return { exitCode, document: toDocument(document), log };
}

/** Everything on disk but the metadata that each run may keep, as path and content. */
async function contentOf(folder: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.name === "runtimes") continue;
    if (entry.isDirectory) Object.assign(content, await contentOf(path));
    else content[path] = await Deno.readTextFile(path);
  }
  return content;
}

Deno.test("--once publishes the bid, then computes the next window's auction and routes it", async () => {
  await using stage = await setScene();
  const { simulator, rig } = stage;

  const published = await run(rig, "--once", "commitment");
  assert.equal(published.exitCode, 0);
  assert.equal(published.document.action, "published");
  assert.equal(published.document.text, "2;b;BTC,1.02=0.25:3,0.45:2");
  assert.ok(published.log.events().includes("Miner commitment updated"));

  const again = await run(rig, "--once", "commitment");
  assert.equal(again.document.action, "up-to-date");
  const forced = await run(rig, "--once", "commitment", "--force", "--dry-run");
  assert.equal(forced.document.action, "would-publish");
  assert.equal(forced.document.reason, "forced");

  beginNextWindow(simulator);
  const before = await contentOf(rig.folder);
  const rehearsed = await run(rig, "--once", "auction", "--dry-run");
  assert.equal(rehearsed.exitCode, 0, JSON.stringify(rehearsed.document.error));
  assert.equal(rehearsed.document.routing.reload, "would-touch");
  assert.deepEqual(await contentOf(rig.folder), before);

  const auction = await run(rig, "--once", "auction");
  assert.equal(auction.exitCode, 0);
  assert.equal(auction.document.status, "done");
  const { won_count, lost_count, won_hashrate_ph, routing } = auction.document;
  assert.equal(won_count + lost_count, 5);
  assert.ok(won_count > 0 && lost_count > 0, "the market is made so that we win a part");
  assert.deepEqual(
    auction.log.lines.find(({ event }) => event === "Auction results computed")?.fields.won_count,
    won_count,
  );
  const { worth, prices } = auction.document;
  const usdcPerDay = won_hashrate_ph * 1.02 * Number(prices.hashp_usdc);
  assert.equal(worth.won.per_day.usdc.toFixed(9), usdcPerDay.toFixed(9));
  assert.equal(worth.won.advantage.per_day_usdc.toFixed(9), (usdcPerDay * 0.02 / 1.02).toFixed(9));
  const logged = auction.log.fieldsOf("Auction results computed")?.worth_usdc_per_day;
  assert.equal(logged, Number(usdcPerDay.toFixed(6)));
  assert.equal(routing.changed, true);
  assert.equal(routing.reload, "touched");
  assert.match(
    await Deno.readTextFile(rig.poolsPath),
    new RegExp(`target_hashrate = "${won_hashrate_ph * 1000}TH/s"`),
  );
  assert.ok((await Deno.stat(rig.sentinelPath)).isFile);

  const askedBefore = simulator.requestCounts();
  const repeated = await run(rig, "--once", "auction");
  assert.equal(repeated.document.routing.changed, false);
  assert.equal(repeated.document.routing.reload, "not-needed");
  // The metadata are kept, so the runtime is only called for the neurons.
  const asked = Object.entries(simulator.requestCounts()).map(([method, count]) =>
    [method, count - (askedBefore[method] ?? 0)] as const
  );
  assert.equal(Object.fromEntries(asked)["state_call"], 1);
  assert.ok(asked.reduce((sum, [, count]) => sum + count, 0) <= 14, JSON.stringify(asked));
});

/** Bids as half of the market does, at a price and size at which not all of it can win. */
async function bidLikeOthers(rig: Rig, onAmbiguous: string | null): Promise<void> {
  const text = await Deno.readTextFile(rig.configPath);
  const policy = onAmbiguous === null ? "" : `\non_ambiguous = "${onAmbiguous}"`;
  const edited = text.replace(/^price_multiplier = .*$/m, 'price_multiplier = "1.05"')
    .replace(/^worker_sizes = .*$/m, 'worker_sizes = { "0.45" = 2 }')
    .replace("[routing]", `[routing]${policy}`);
  await Deno.writeTextFile(rig.configPath, edited);
}

const policies = [
  [null, (possiblePh: number) => possiblePh * 0.12],
  ["deliver-possible", (possiblePh: number) => possiblePh],
  ["deliver-certain", () => 0],
] as const;
for (const [policy, expectedPh] of policies) {
  Deno.test(`--once auction routes an ambiguous outcome by on_ambiguous = ${policy ?? "its default"}`, async () => {
    await using stage = await setScene();
    const { simulator, rig } = stage;
    await bidLikeOthers(rig, policy);
    await run(rig, "--once", "commitment");
    beginNextWindow(simulator);
    const { document, log } = await run(rig, "--once", "auction");
    assert.equal(document.status, "done", JSON.stringify(document.error));
    const { ambiguous, certain_hashrate_ph, possible_hashrate_ph, routed_hashrate_ph } = document;
    assert.deepEqual([ambiguous, certain_hashrate_ph], [true, 0]);
    assert.ok(possible_hashrate_ph > 0);
    assert.equal(routed_hashrate_ph.toFixed(6), expectedPh(possible_hashrate_ph).toFixed(6));
    assert.match(document.routed_because, /on_ambiguous = "deliver-/);
    const target = `target_hashrate = "${Number((routed_hashrate_ph * 1000).toFixed(3))}TH/s"`;
    assert.ok((await Deno.readTextFile(rig.poolsPath)).includes(target), target);
    const fields = log.fieldsOf("Outcome ambiguous: other outcomes are equally good");
    assert.equal(fields?.routed_because, document.routed_because);
  });
}

Deno.test("--once auction says what can be credited of two prices under one worker id", async () => {
  await using stage = await setScene();
  const { simulator, rig } = stage;
  const tier = (price: string): string =>
    `[[workers.tiers]]\nprice_multiplier = "${price}"\nworker_sizes = { "0.45" = 1 }\n`;
  const text = await Deno.readTextFile(rig.configPath);
  await Deno.writeTextFile(
    rig.configPath,
    text.replace(/price_multiplier[^]*\[routing\]/, () => `${tier("0.5")}${tier("0.6")}[routing]`),
  );
  await run(rig, "--once", "commitment");
  beginNextWindow(simulator);
  const { document, log } = await run(rig, "--once", "auction");
  assert.equal(document.won_hashrate_ph, 0.9, JSON.stringify(document.error));
  assert.equal(document.credited_at_most_ph, 0.45);
  const { hint, ...fields } = log.fieldsOf("Won at several prices under too few worker ids") ?? {};
  assert.match(String(hint), /^give each machine a worker name of its own/);
  assert.deepEqual(fields, { won_hashrate_ph: 0.9, credited_at_most_ph: 0.45, prices: 2, worker_ids: 1 });

  // Without a worker_id the machines' names decide, which are not known.
  const pools = await Deno.readTextFile(rig.poolsPath);
  await Deno.writeTextFile(rig.poolsPath, pools.replace(/^worker_id.*$/m, ""));
  assert.equal((await run(rig, "--once", "auction")).document.credited_at_most_ph, null);
});

Deno.test("--once auction --save-snapshot keeps what replay needs to compute the same", async () => {
  await using stage = await setScene();
  const { simulator, rig } = stage;
  await run(rig, "--once", "commitment");
  beginNextWindow(simulator);
  const path = join(rig.folder, "auction.json");
  const { document } = await run(rig, "--once", "auction", "--dry-run", "--save-snapshot", path);
  const saved = await Deno.readTextFile(path);
  const { secretPhrase } = JSON.parse(await Deno.readTextFile(join(rig.folder, "wallets/demo/hotkeys/rig")));
  assert.ok(!saved.includes(secretPhrase));

  await simulator.close();
  const replay = await runReplay(
    { name: "replay", snapshotPath: path, logLevel: "info", logFormat: "json" },
    new LogRecorder(),
  );
  assert.equal(replay.exitCode, 0);
  // deno-lint-ignore no-explicit-any -- read by name
  const again = toDocument(replay.document) as any;
  for (
    const key of [
      "won",
      "lost",
      "winners",
      "budget_ph",
      "prices",
      "window",
      "head",
      "commitments",
      "certain_hashrate_ph",
    ]
  ) {
    assert.deepEqual(again[key], document[key], key);
  }

  // The solver is what an agent without a configuration would use.
  const cbc = join(rig.folder, "cbc");
  await Deno.writeTextFile(cbc, "#!/bin/sh\necho out of order >&2\nexit 3\n", { mode: 0o755 });
  const fallen = await runReplay(
    { name: "replay", snapshotPath: path, logLevel: "info", logFormat: "json" },
    new LogRecorder(),
    { PATH: rig.folder },
  );
  // deno-lint-ignore no-explicit-any -- read by name
  const { solver } = toDocument(fallen.document) as any;
  assert.equal(solver.engine, "glpk");
  assert.match(solver.fallback_reason, /exit code 3 \("out of order"\)/);

  await Deno.writeTextFile(path, saved.replace('"tempo":', '"tempus":'));
  const broken = await runReplay(
    { name: "replay", snapshotPath: path, logLevel: "info", logFormat: "json" },
    new LogRecorder(),
  );
  assert.equal(broken.exitCode, 2);
  // deno-lint-ignore no-explicit-any -- read by name
  assert.match((broken.document as any).error.message, /tempo/);
});

Deno.test("--once auction accounts for every tier of a bid with several prices", async () => {
  await using stage = await setScene();
  const { simulator, rig } = stage;
  await edit(
    rig.configPath,
    "[routing]",
    '[[workers.tiers]]\nprice_multiplier = "0.8"\nworker_sizes = { "0.45" = 1 }\n[routing]',
  );
  const published = await run(rig, "--once", "commitment");
  assert.equal(published.document.text, "2;b;BTC,0.8=0.45:1;BTC,1.02=0.25:3,0.45:2");
  beginNextWindow(simulator);
  const { exitCode, document } = await run(rig, "--once", "auction", "--dry-run");
  assert.equal(exitCode, 0, JSON.stringify(document.error));
  assert.equal(document.won_count + document.lost_count, 6);
  const prices = new Set([...document.won, ...document.lost].map(({ price }: { price: string }) => price));
  assert.deepEqual([...prices].sort(), ["0.8", "1.02"]);
});

Deno.test("--once auction reports each of several proxies, and fails when one of them fails", async () => {
  await using stage = await setScene();
  const { simulator, rig } = stage;
  const second = join(rig.folder, "proxy", "second.toml");
  await Deno.writeTextFile(second, await Deno.readTextFile(rig.poolsPath));
  await edit(
    rig.configPath,
    /mode = "ihp"\n(pools_path = .*)/,
    `[[routing.targets]]\n$1\nshare = 0.5\n[[routing.targets]]\npools_path = "${second}"\nshare = 0.5\n` +
      'reload_command = ["sh", "-c", "exit 0"]',
  );
  await run(rig, "--once", "commitment");
  beginNextWindow(simulator);
  const { exitCode, document } = await run(rig, "--once", "auction");
  assert.equal(exitCode, 0, JSON.stringify(document.error));
  assert.equal(document.routing.mode, "several");
  assert.deepEqual(
    document.routing.targets.map((
      { path, changed, reload }: Record<string, unknown>,
    ) => [path, changed, reload]),
    [[rig.poolsPath, true, "touched"], [second, true, "ran"]],
  );
  const half = new RegExp(`target_hashrate = "${document.won_hashrate_ph * 500}TH/s"`);
  for (const path of [rig.poolsPath, second]) assert.match(await Deno.readTextFile(path), half);

  await Deno.remove(second);
  const failed = await run(rig, "--once", "auction");
  assert.equal(failed.exitCode, 1);
  assert.match(failed.document.error.message, /Cannot route to 1 of 2 proxies: .*second\.toml/);
  assert.equal(failed.document.routing.targets[0].changed, false);
  assert.match(failed.document.routing.targets[1].error, /second\.toml/);
});

const reasons: [
  string,
  (stage: { simulator: Simulator; rig: Rig }) => void | Promise<void>,
  string,
  RegExp,
][] = [
  ["never committed", () => {}, "never-committed", /no commitment/],
  [
    "is not registered",
    ({ simulator, rig }) => simulator.chain.deregisterNeuron(NETUID, rig.hotkey),
    "not-registered",
    /not registered/,
  ],
  [
    "committed too long ago",
    ({ simulator, rig }) => {
      const block = simulator.chain.head.number - 800;
      simulator.chain.setCommitment({ netuid: NETUID, hotkey: rig.hotkey, data: "2;b;BTC,1=0.45:1", block });
    },
    "too-old",
    /minutes old/,
  ],
  [
    "has a malformed bid",
    ({ simulator, rig }) => {
      const block = simulator.chain.head.number - 20;
      simulator.chain.setCommitment({ netuid: NETUID, hotkey: rig.hotkey, data: "2;b;BTC,1=9:1", block });
    },
    "malformed",
    /malformed/,
  ],
  [
    "asks more than anybody pays",
    ({ simulator, rig }) => {
      const block = simulator.chain.head.number - 20;
      simulator.chain.setCommitment({
        netuid: NETUID,
        hotkey: rig.hotkey,
        data: "2;b;BTC,1.06=0.45:1",
        block,
      });
    },
    "over-max-price",
    /1\.05/,
  ],
];
for (const [what, arrange, code, text] of reasons) {
  Deno.test(`--once auction ends with 0 and says why a miner that ${what} has no bid`, async () => {
    await using stage = await setScene();
    // What is arranged at the head counts from the next window on.
    await arrange(stage);
    beginNextWindow(stage.simulator);
    const { exitCode, document } = await run(stage.rig, "--once", "auction");
    assert.equal(exitCode, 0);
    assert.equal(document.reason, code);
    assert.match(document.reason_text, text);
    assert.equal(document.won_count, 0);
    assert.match(await Deno.readTextFile(stage.rig.poolsPath), /target_hashrate = "0TH\/s"/);
  });
}

Deno.test("--once commitment of an unregistered hotkey fails with the decoded error and exit code 1", async () => {
  await using stage = await setScene();
  stage.simulator.chain.deregisterNeuron(NETUID, stage.rig.hotkey);
  const { exitCode, document, log } = await run(stage.rig, "--once", "commitment");
  assert.equal(exitCode, 1);
  assert.equal(document.status, "failed");
  assert.match(document.error.message, /AccountNotAllowedCommit.*not registered/);
  assert.deepEqual(log.events("error"), ["Job failed"]);
});

/** Each: what is wrong, how it gets wrong, which job meets it, the exit code, and words of the message. */
const failures: [string, (rig: Rig) => Promise<void>, string, number, RegExp][] = [
  [
    "no such configuration",
    (rig) => Deno.remove(rig.configPath),
    "auction",
    2,
    /config\.toml: there is no such file/,
  ],
  [
    "a TOML mistake",
    (rig) => edit(rig.configPath, "netuid = 89", "netuid = "),
    "auction",
    2,
    /line \d+, column \d+/,
  ],
  [
    "a missing key",
    (rig) => edit(rig.configPath, 'name = "demo"', ""),
    "auction",
    2,
    /\[wallet\] name: is missing/,
  ],
  [
    "a price that never wins",
    (rig) => edit(rig.configPath, '"1.02"', '"1.06"'),
    "commitment",
    2,
    /never wins/,
  ],
  [
    "a missing wallet",
    (rig) => Deno.remove(`${rig.folder}/wallets`, { recursive: true }),
    "auction",
    2,
    /hotkey .*there is no folder/,
  ],
  [
    "a mistyped hotkey",
    (rig) => edit(rig.configPath, 'hotkey_name = "rig"', 'hotkey_name = "rlg"'),
    "commitment",
    2,
    /wallets has these hotkeys \(wallet\/hotkey\): demo\/rig/,
  ],
  [
    "an encrypted wallet",
    (rig) => Deno.writeTextFile(`${rig.folder}/wallets/demo/hotkeys/rig`, "$NACLxyz"),
    "auction",
    2,
    /encrypted/,
  ],
  [
    "an endpoint where nobody listens",
    (rig) => edit(rig.configPath, /ws:\/\/127\.0\.0\.1:\d+/, "ws://127.0.0.1:1"),
    "auction",
    1,
    /127\.0\.0\.1:1/,
  ],
  [
    "a pools file that is no TOML",
    (rig) => Deno.writeTextFile(rig.poolsPath, "[pools\n"),
    "auction",
    1,
    /pools\.toml/,
  ],
  [
    "a pools file without the pool",
    (rig) => edit(rig.poolsPath, "central-proxy", "other"),
    "auction",
    1,
    /central-proxy/,
  ],
  ["a pools file that is not there", (rig) => Deno.remove(rig.poolsPath), "auction", 1, /pools\.toml/],
];
for (const [what, spoil, job, exitCode, message] of failures) {
  Deno.test(`--once ${job} meets ${what} with exit code ${exitCode}, a clear message, and changes nothing`, async () => {
    await using stage = await setScene();
    await spoil(stage.rig);
    const before = await contentOf(stage.rig.folder);
    const result = await run(stage.rig, "--once", job);
    assert.equal(result.exitCode, exitCode);
    assert.equal(result.document.status, "failed");
    assert.match(result.document.error.message, message);
    assert.deepEqual(await contentOf(stage.rig.folder), before);
    assert.deepEqual(
      Object.keys(stage.simulator.requestCounts()).filter((name) => name.startsWith("author_")),
      [],
    );
  });
}

Deno.test("withdraw publishes the empty bid and names the window from which on nothing is won, whatever [workers] says", async () => {
  await using stage = await setScene();
  const { simulator, rig } = stage;
  await run(rig, "--once", "commitment");
  beginNextWindow(simulator);
  await edit(rig.configPath, '"1.02"', '"1.06"');

  const rehearsed = await runCommand(rig, ["withdraw", rig.configPath, "--dry-run"]);
  assert.equal(rehearsed.document.action, "would-publish");
  assert.ok(rehearsed.log.events().includes("Bid would be withdrawn"));
  const { exitCode, document, log } = await runCommand(rig, ["withdraw", rig.configPath]);
  assert.equal(exitCode, 0, JSON.stringify(document.error));
  assert.equal(document.job, "withdraw");
  assert.equal(document.action, "published");
  assert.equal(document.text, "2;b;");
  const { window } = document.counts_from;
  assert.deepEqual(rehearsed.document.counts_from.window, window);
  assert.equal(
    log.lines.find(({ event }) => event === "Bid withdrawn")?.fields.nothing_can_be_won_from_block,
    window.first_block,
  );
  const again = await runCommand(rig, ["withdraw", rig.configPath]);
  assert.equal(again.document.action, "up-to-date");
  assert.deepEqual(again.document.counts_from.window, window);

  const before = await run(rig, "--once", "auction");
  assert.ok(before.document.won_count > 0, "the window under way is not withdrawn from");
  assert.ok(before.document.window.last_block < window.first_block);
  beginNextWindow(simulator);
  const after = await run(rig, "--once", "auction");
  assert.equal(after.document.window.first_block, window.first_block);
  assert.equal(after.document.won_count, 0);
});

Deno.test("--once commitment publishes the empty bid while [workers] enabled = false", async () => {
  await using stage = await setScene();
  await edit(stage.rig.configPath, "[workers]", "[workers]\nenabled = false");
  const { exitCode, document, log } = await run(stage.rig, "--once", "commitment");
  assert.equal(exitCode, 0, JSON.stringify(document.error));
  assert.equal(document.text, "2;b;");
  assert.ok(log.events().includes("Bid withdrawn"));
});

Deno.test("withdraw beside a running agent refuses and says how the agent itself withdraws", async () => {
  await using stage = await setScene();
  const { rig } = stage;
  const network = JSON.parse(/network = (".*")/.exec(await Deno.readTextFile(rig.configPath))![1]!);
  using _held = await lockInstance(join(rig.folder, "state"), {
    network,
    netuid: NETUID,
    hotkey: rig.hotkey,
  });
  const { exitCode, document } = await runCommand(rig, ["withdraw", rig.configPath]);
  assert.equal(exitCode, 1);
  assert.match(document.error.message, /pid \d+.*\[workers\] enabled = false/);
});

async function edit(path: string, from: string | RegExp, to: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  const changed = text.replace(from, to);
  assert.notEqual(changed, text);
  await Deno.writeTextFile(path, changed);
}

Deno.test("--once auction routes although its snapshot cannot be kept, and says so with exit code 1", async () => {
  await using stage = await setScene();
  await run(stage.rig, "--once", "commitment");
  beginNextWindow(stage.simulator);
  const path = join(stage.rig.folder, "no such folder", "auction.json");
  const { exitCode, document } = await run(stage.rig, "--once", "auction", "--save-snapshot", path);
  assert.equal(exitCode, 1);
  assert.match(document.error.message, /Cannot save the snapshot .*auction\.json: .*--save-snapshot/);
  assert.equal(document.routing.reload, "touched");
  assert.ok((await Deno.stat(stage.rig.sentinelPath)).isFile);
});

Deno.test("--once meets a state folder that is a file with exit code 2", async () => {
  await using stage = await setScene();
  await Deno.writeTextFile(join(stage.rig.folder, "state"), "");
  const { exitCode, document } = await run(stage.rig, "--once", "auction");
  assert.equal(exitCode, 2);
  assert.match(document.error.message, /\[state\] directory: cannot use the state folder/);
});

Deno.test("--once auction --dry-run refuses a state folder as the real run does, and makes nothing", async () => {
  await using stage = await setScene();
  const { rig } = stage;
  const file = join(rig.folder, "file");
  await Deno.writeTextFile(file, "");
  for (const directory of [file, join(file, "below")]) {
    await edit(rig.configPath, /\[state\]\ndirectory = .*/, `[state]\ndirectory = "${directory}"`);
    const before = await contentOf(rig.folder);
    const rehearsed = await run(rig, "--once", "auction", "--dry-run");
    assert.equal(rehearsed.exitCode, 2, directory);
    assert.match(rehearsed.document.error.message, /\[state\] directory: cannot use the state folder/);
    assert.deepEqual(await contentOf(rig.folder), before);
    assert.equal((await run(rig, "--once", "auction")).exitCode, 2, directory);
  }
  await edit(rig.configPath, `"${join(file, "below")}"`, `"${join(rig.folder, "new", "state")}"`);
  const { exitCode, document } = await run(rig, "--once", "auction", "--dry-run");
  assert.equal(exitCode, 0, JSON.stringify(document.error));
  await assert.rejects(Deno.stat(join(rig.folder, "new")), Deno.errors.NotFound);
});

Deno.test("--once auction goes on without the workers of a broken [workers] and says so", async () => {
  await using stage = await setScene();
  await edit(stage.rig.configPath, '"1.02"', '"1.06"');
  const { exitCode, log } = await run(stage.rig, "--once", "auction");
  assert.equal(exitCode, 0);
  assert.ok(log.events("warning").includes("Workers misconfigured: nothing can be published"));
});

Deno.test("--once takes the next endpoint of a list when one is dead", async () => {
  await using stage = await setScene();
  await edit(stage.rig.configPath, /network = (".*")/, 'network = ["ws://127.0.0.1:1", $1]');
  const { exitCode, log } = await run(stage.rig, "--once", "auction");
  assert.equal(exitCode, 0);
  const passedOver = log.lines.find(({ event }) => event === "Endpoint passed over");
  assert.equal(passedOver?.fields.kind, "unreachable");
});

Deno.test("--once auction switches ASICs, and calls the operator's programs before it ends", async () => {
  await using stage = await setScene();
  const { simulator, rig } = stage;
  await using server = startMiner({ hashratePh: 2 });
  const [result, failure] = [join(rig.folder, "result.json"), join(rig.folder, "failure.json")];
  await edit(
    rig.configPath,
    /\[routing\]\nmode = "ihp"\npools_path = .*/,
    `[hooks]\non_result = ["sh", "-c", "cat > ${result}"]\non_error = ["sh", "-c", "cat > ${failure}; echo told"]\n` +
      `[asic]\n[[asic.miners]]\naddress = "${server.host}:${server.port}"\nhashrate = "2"`,
  );
  await edit(rig.configPath, 'price_multiplier = "1.02"', 'price_multiplier = "0.8"');
  await run(rig, "--once", "commitment");
  beginNextWindow(simulator);
  const rehearsed = await run(rig, "--once", "auction", "--dry-run");
  assert.equal(rehearsed.document.won_count, 5);
  assert.equal(rehearsed.document.routing.miners[0].switched, true);
  assert.equal(server.miner.switchCount, 0);
  await assert.rejects(Deno.stat(result), Deno.errors.NotFound);

  const { exitCode, document } = await run(rig, "--once", "auction");
  assert.equal(exitCode, 0, JSON.stringify(document.error));
  assert.equal(document.routing.mode, "asic");
  assert.equal(server.miner.currentPool, 1);
  const { run_id: _runId, ...printed } = document;
  assert.deepEqual(JSON.parse(await Deno.readTextFile(result)), printed);
  await assert.rejects(Deno.stat(failure), Deno.errors.NotFound);

  await server.stop();
  const failed = await run(rig, "--once", "auction");
  assert.equal(failed.exitCode, 1);
  assert.match(failed.document.error.message, /Cannot cover what was won/);
  assert.equal(failed.document.routing.miners[0].problem.kind, "unreachable");
  assert.equal(JSON.parse(await Deno.readTextFile(failure)).status, "failed");
  assert.equal(failed.log.fieldsOf("Hook output")?.line, "told");
});
