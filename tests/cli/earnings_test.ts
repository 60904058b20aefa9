import assert from "node:assert/strict";
import { join } from "node:path";
import { parseCommand } from "../../src/cli/arguments.ts";
import { showEarnings, type ShownEarnings } from "../../src/cli/earnings.ts";
import { ledgerFolder, writeLedger } from "../../src/agent/records/ledger.ts";
import { ledgerLine, WINDOW_TABLE } from "../../src/agent/records/ledger_line.ts";
import { PAY_TABLE, payLine } from "../../src/agent/records/pay_line.ts";
import { computeOutcome } from "../../src/agent/jobs/compute_outcome.ts";
import { UsageError } from "../../src/lib/args.ts";
import { setUpRig } from "../../scripts/scene/rig.ts";
import type { Rig } from "../../scripts/scene/rig.ts";
import { epochPaid } from "../operator/status/fake_agent.ts";
import { makeSnapshot } from "../auction/inputs/make_snapshot.ts";
import { LogRecorder } from "../support/log_recorder.ts";

const START_MS = Date.UTC(2026, 10, 26, 12);

function show(rig: Rig, ...args: string[]): Promise<ShownEarnings> {
  return showAt(START_MS + 240 * 12_000, new LogRecorder(), rig, ...args);
}

async function showAt(nowMs: number, log: LogRecorder, rig: Rig, ...args: string[]): Promise<ShownEarnings> {
  const command = parseCommand(["earnings", rig.configPath, ...args]);
  assert.ok(command.name === "earnings");
  return await showEarnings(command, {
    log,
    signal: new AbortController().signal,
    nowMs,
    environment: { HOME: rig.folder },
  });
}

/** Windows 0, 1 and 3, each of which is won; window 2 is missing. */
async function keepBooks(rig: Rig): Promise<void> {
  for (const index of [0, 1, 3]) {
    const firstBlock = 8_000_000 + index * 60;
    const made = makeSnapshot({ bids: { [rig.hotkey]: "2;b;BTC,1=0.45:4" }, firstBlock });
    const timestampMs = START_MS + index * 60 * 12_000;
    const { outcome } = await computeOutcome({
      snapshot: { ...made, firstBlock: { ...made.firstBlock, timestampMs } },
      window: { index, firstBlock, lastBlock: firstBlock + 59 },
      hotkey: rig.hotkey,
      onAmbiguous: "deliver-safe",
      remainingMs: () => 20_000,
    });
    const folder = ledgerFolder(join(rig.folder, "state"), { netuid: outcome.netuid, hotkey: rig.hotkey });
    await writeLedger(folder, WINDOW_TABLE, ledgerLine(outcome, { credited: null, nowMs: 0 }));
    const paid = epochPaid(8_000_000 + index * 361, index === 1 ? 0.01 : 0.0125);
    await writeLedger(folder, PAY_TABLE, payLine(paid, timestampMs));
  }
}

async function withRig(test: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await setUpRig({ chainUrl: "ws://127.0.0.1:9" });
  try {
    await test(rig);
  } finally {
    await Deno.remove(rig.folder, { recursive: true });
  }
}

Deno.test("earnings adds up the ledger as text, JSON and CSV, without a chain", async () => {
  await withRig(async (rig) => {
    await keepBooks(rig);
    const { exitCode, text, error } = await show(rig, "--days", "2");
    assert.deepEqual([exitCode, error], [0, ""]);
    // 1.8 PH at 50 USDC per PH and day, for 60 of 7200 blocks, in three windows.
    assert.match(text, /^2026-11-26 +3 +1 +3 +1\.8 +1\.8 +2\.25 +0\.643 .*█{24}$/m);
    assert.match(text, /^total +3 +1 +3 /m);
    // Three epochs paid 30 alpha times their shares: 0.035 of 0.0375.
    assert.match(text, /^2026-11-26 .* 1\.050 +93\.3 % /m);
    const document = JSON.parse((await show(rig, "--json")).text);
    assert.equal(document.total.expected.usdc.toFixed(9), (3 * 1.8 * 50 / 120).toFixed(9));
    assert.deepEqual([document.days.length, document.total.missing_windows, document.hotkey], [
      1,
      1,
      rig.hotkey,
    ]);
    const [header, row] = (await show(rig, "--csv")).text.split("\n");
    const cells = Object.fromEntries(header!.split(",").map((name, i) => [name, row!.split(",")[i]]));
    assert.deepEqual([cells.day, cells.windows, cells.missing_windows], ["2026-11-26", "3", "1"]);
    assert.equal(Number(cells.expected_usdc), document.total.expected.usdc);
  });
});

for (const [when, nowMs] of [["10 h behind", START_MS - 36e6], ["in 1970", 60_000]] as const) {
  Deno.test(`earnings adds up the ledger and says what is wrong with a host's clock ${when}`, async () => {
    await withRig(async (rig) => {
      await keepBooks(rig);
      const log = new LogRecorder();
      const { exitCode, text } = await showAt(nowMs, log, rig, "--days", "2");
      assert.equal(exitCode, 0);
      assert.match(text, /^2026-11-26 +3 +1 +3 +1\.8 /m);
      const { newest, now } = log.fieldsOf("The ledger has windows of the future") ?? {};
      assert.deepEqual([newest, now], [
        new Date(START_MS + 180 * 12_000).toISOString(),
        new Date(nowMs).toISOString(),
      ]);
    });
  });
}

Deno.test("earnings says nothing of a clock that is right", async () => {
  await withRig(async (rig) => {
    await keepBooks(rig);
    const log = new LogRecorder();
    await showAt(START_MS + 240 * 12_000, log, rig);
    assert.equal(log.fieldsOf("The ledger has windows of the future"), undefined);
  });
});

Deno.test("earnings says that nothing is recorded, and that the ledger is off", async () => {
  await withRig(async (rig) => {
    const { exitCode, text } = await show(rig);
    assert.equal(exitCode, 0);
    assert.match(text, /^No window is recorded\. .*ledger/m);
    const config = await Deno.readTextFile(rig.configPath);
    await Deno.writeTextFile(rig.configPath, config.replace("[state]\n", "[state]\nledger = false\n"));
    assert.match((await show(rig)).text, /^The ledger is turned off/m);
  });
});

Deno.test("earnings refuses a configuration that it cannot use, and two formats", async () => {
  await withRig(async (rig) => {
    await Deno.writeTextFile(rig.configPath, "nonsense");
    const { exitCode, error } = await show(rig);
    assert.equal(exitCode, 2);
    assert.match(error, /^ih-miner: /);
  });
  for (const args of [["--json", "--csv"], ["--days", "0"], ["--days", "soon"], ["--force"]]) {
    assert.throws(() => parseCommand(["earnings", ...args]), UsageError);
  }
});
