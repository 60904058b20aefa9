import assert from "node:assert/strict";
import { join } from "node:path";
import { parseCommand } from "../../src/cli/arguments.ts";
import { runAdvise, type ShownAdvice } from "../../src/cli/advise.ts";
import { runOnce } from "../../src/cli/once.ts";
import { readSavedAuction } from "../../src/agent/jobs/saved_auction.ts";
import { SnapshotStore } from "../../src/agent/records/snapshot_store.ts";
import { InterruptedError } from "../../src/cli/interruption.ts";
import { toDocument } from "../../src/lib/document.ts";
import { gzip } from "../../src/lib/gzip.ts";
import { NETUID } from "../../scripts/scene/market.ts";
import type { Rig } from "../../scripts/scene/rig.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { beginNextWindow, type Scene, setScene } from "../support/scene.ts";

const silent = (): { log: LogRecorder; signal: AbortSignal } => ({
  log: new LogRecorder(),
  signal: new AbortController().signal,
});

async function advise(rig: Rig, ...args: string[]): Promise<ShownAdvice> {
  const command = parseCommand(["advise", rig.configPath, ...args]);
  assert.ok(command.name === "advise");
  return await runAdvise(command, { ...silent(), environment: { HOME: rig.folder } });
}

// deno-lint-ignore no-explicit-any -- documents are read by name, as a user's script does
async function adviseJson(rig: Rig, ...args: string[]): Promise<any> {
  const { exitCode, text, error } = await advise(rig, "--json", ...args);
  assert.equal(exitCode, 0, error);
  return JSON.parse(text);
}

// deno-lint-ignore no-explicit-any -- as above
async function once(rig: Rig, ...args: string[]): Promise<any> {
  const command = parseCommand([rig.configPath, "--once", ...args]);
  assert.ok(command.name === "once");
  const { exitCode, document } = await runOnce(command, { ...silent(), environment: { HOME: rig.folder } });
  assert.equal(exitCode, 0, JSON.stringify(toDocument(document)));
  return toDocument(document);
}

/** A bid on the chain at 1.02, in a new window whose auction is saved. */
async function saveWindow({ simulator, rig }: Scene): Promise<string> {
  await once(rig, "commitment");
  beginNextWindow(simulator);
  const path = join(rig.folder, "window.json");
  await once(rig, "auction", "--dry-run", "--save-snapshot", path);
  return path;
}

Deno.test("advise reads the chain, agrees with the auction, and publishes nothing", async () => {
  await using stage = await setScene();
  const { simulator, rig } = stage;
  const path = await saveWindow(stage);
  const head = simulator.chain.head.number;
  const auction = await once(rig, "auction", "--dry-run");
  const document = await adviseJson(rig);
  assert.deepEqual([document.job, document.status, document.hotkey], ["advise", "done", rig.hotkey]);
  // deno-lint-ignore no-explicit-any -- as above
  const line = document.lines.find(({ is_on_chain }: any) => is_on_chain);
  assert.equal(line.price, "1.02");
  assert.deepEqual(line.hashrate_ph, {
    fewest: auction.certain_hashrate_ph,
    most: auction.possible_hashrate_ph,
  });
  assert.equal(document.lines.length, 31);
  assert.equal(document.windows[0].window.first_block, auction.window.first_block);
  assert.equal(
    simulator.chain.head.number,
    head,
    "a simulator without a clock builds blocks for extrinsics only",
  );
  assert.deepEqual((await adviseJson(rig, "--from", path)).lines, document.lines);
});

Deno.test("advise shows a table with a line for each price, the best one and what it cannot know", async () => {
  await using stage = await setScene();
  const path = await saveWindow(stage);
  const { exitCode, text, error } = await advise(stage.rig, "--from", path);
  assert.deepEqual([exitCode, error], [0, ""]);
  for (
    const pattern of [
      /^Window +\d, blocks \d+ to \d+/m,
      /^Your offer +3 × 0\.25 \+ 2 × 0\.45 PH\/s = 1\.65 PH\/s$/m,
      /^Elsewhere +1 × the hashprice, /m,
      /^On chain +wins \d/m,
      /^0\.9 +█+/m,
      /^1\.02 .* on chain$/m,
      /← best/,
      /^- Others change their bids, too/m,
    ]
  ) assert.match(text, pattern);
  const widest = Math.max(
    ...text.split("\n").filter((line) => /^[01]\./.test(line)).map(({ length }) => length),
  );
  assert.ok(widest <= 120, `${widest} columns`);
});

Deno.test("advise averages over saved windows, compressed or not, each once", async () => {
  await using stage = await setScene();
  const path = await saveWindow(stage);
  const { window, ...auction } = await readSavedAuction(path);
  const { firstBlock } = auction.snapshot;
  const later = {
    ...auction,
    window,
    format: "ih-miner/saved-auction/1",
    snapshot: { ...auction.snapshot, firstBlock: { ...firstBlock, hash: `0x${"7".repeat(64)}` } },
  };
  const second = join(stage.rig.folder, "second.json.gz");
  await Deno.writeFile(second, await gzip(JSON.stringify(later)));
  const one = await adviseJson(stage.rig, "--from", path);
  const three = await adviseJson(stage.rig, "--from", path, "--from", second, "--from", path);
  assert.equal(three.windows.length, 2);
  assert.deepEqual(three.lines.map(withoutCounts), one.lines.map(withoutCounts));
  const { text } = await advise(stage.rig, "--from", path, "--from", second);
  assert.match(text, /^Averages +over 2 windows /);
});

// deno-lint-ignore no-explicit-any -- as above
function withoutCounts({ decided_windows: _, ...line }: any): unknown {
  return line;
}

Deno.test("advise --windows takes the windows that the agent kept", async () => {
  await using stage = await setScene();
  const { rig } = stage;
  const path = await saveWindow(stage);
  const none = await advise(rig, "--windows", "3");
  assert.equal(none.exitCode, 2);
  assert.match(none.error, /^ih-miner: Cannot advise from kept windows: there are none in .*snapshots/);
  const store = new SnapshotStore(join(rig.folder, "state"), { netuid: NETUID, hotkey: rig.hotkey });
  assert.ok(none.error.includes(store.folder), none.error);
  await store.keep(await readSavedAuction(path), 12);
  const document = await adviseJson(rig, "--windows", "3");
  assert.deepEqual(document.lines, (await adviseJson(rig, "--from", path)).lines);
});

Deno.test("advise refuses files it cannot use, and names them", async () => {
  await using stage = await setScene();
  const { rig } = stage;
  const path = await saveWindow(stage);
  const missing = await advise(rig, "--json", "--from", join(rig.folder, "missing.json"));
  assert.equal(missing.exitCode, 2);
  assert.match(JSON.parse(missing.text).error.message, /missing\.json/);
  const other = join(rig.folder, "other.json");
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(
    other,
    text.replaceAll(rig.hotkey, "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV"),
  );
  const mixed = await advise(rig, "--from", path, "--from", other);
  assert.equal(mixed.exitCode, 2);
  assert.match(mixed.error, /several hotkeys: .*window\.json.*other\.json/);
});

Deno.test("advise works without the workers' bid on the chain, and says so", async () => {
  await using stage = await setScene();
  beginNextWindow(stage.simulator);
  const { text, exitCode } = await advise(stage.rig);
  assert.equal(exitCode, 0);
  assert.match(text, /^On chain +wins nothing: The hotkey has no commitment on the chain$/m);
  assert.match(text, /^0\.9 +█+ +5 /m);
  assert.match(text, /^1\.02 .* configured$/m);
});

Deno.test("advise ends at a signal with its exit code", async () => {
  await using stage = await setScene();
  const path = await saveWindow(stage);
  const command = parseCommand(["advise", stage.rig.configPath, "--from", path]);
  assert.ok(command.name === "advise");
  const signal = AbortSignal.abort(new InterruptedError("SIGINT"));
  const { exitCode, text } = await runAdvise(command, {
    log: new LogRecorder(),
    signal,
    environment: { HOME: stage.rig.folder },
  });
  assert.deepEqual([exitCode, text], [130, ""]);
});
