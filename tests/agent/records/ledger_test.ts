import assert from "node:assert/strict";
import { join } from "node:path";
import type { AuctionOutcome } from "../../../src/auction/outcome.ts";
import { computeOutcome } from "../../../src/agent/jobs/compute_outcome.ts";
import {
  ledgerFolder,
  MAX_LEDGER_FILE_BYTES,
  readLedger,
  writeLedger,
} from "../../../src/agent/records/ledger.ts";
import { type ClosedWindow, ledgerLine, WINDOW_TABLE } from "../../../src/agent/records/ledger_line.ts";
import { columnsOf, parseTable } from "../../../src/agent/records/csv_table.ts";
import { windowWorth } from "../../../src/auction/worth.ts";
import { parseFp18 } from "../../../src/auction/protocol/fp18.ts";
import { makeSnapshot, PRICES } from "../../auction/inputs/make_snapshot.ts";

const HOTKEY = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
const OWNER = { netuid: 89, hotkey: HOTKEY };
const NOW_MS = Date.UTC(2023, 10, 14, 23);
const COLUMNS = columnsOf(WINDOW_TABLE);
const NOTHING = { credited: null, nowMs: NOW_MS };

/** Six won workers at two prices. */
async function outcomeAt(
  firstBlock: number,
  timestampMs: number | null = 1_700_000_000_000,
): Promise<AuctionOutcome> {
  const made = makeSnapshot({
    bids: { [HOTKEY]: "2;b;BTC,0.95=0.45:3;BTC,1.05=0.25:3", other: "2;b;BTC,1=0.45:2" },
    validators: { validator: { prices: PRICES } },
    firstBlock,
  });
  const snapshot = { ...made, firstBlock: { ...made.firstBlock, timestampMs } };
  const { outcome } = await computeOutcome({
    snapshot,
    window: { index: 2, firstBlock, lastBlock: firstBlock + 59 },
    hotkey: HOTKEY,
    onAmbiguous: "deliver-safe",
    remainingMs: () => 20_000,
  });
  return outcome;
}

async function inFolder(test: (state: string, path: string) => Promise<void>): Promise<void> {
  const state = await Deno.makeTempDir();
  try {
    await test(state, join(ledgerFolder(state, OWNER), "2023-11.csv"));
  } finally {
    await Deno.remove(state, { recursive: true });
  }
}

async function closeWindow(
  state: string,
  firstBlock: number,
  closed: ClosedWindow = NOTHING,
  timestampMs?: number | null,
): Promise<boolean> {
  const line = ledgerLine(await outcomeAt(firstBlock, timestampMs), closed);
  return await writeLedger(ledgerFolder(state, OWNER), WINDOW_TABLE, line);
}

Deno.test("writeLedger() writes a window's figures and reads them back, the sums as in the document", async () => {
  await inFolder(async (state, path) => {
    const outcome = await outcomeAt(8_000_000);
    const credited = [{ hashratePh: 0.9, priceFp18: parseFp18("0.95") }];
    assert.equal(await closeWindow(state, 8_000_000, { credited, nowMs: NOW_MS }), true);
    const { lines: [line], unreadable } = await readLedger(
      ledgerFolder(state, OWNER),
      WINDOW_TABLE,
      "2023-11",
    );
    assert.equal(unreadable, 0);
    const worth = windowWorth(outcome, parseFp18("1"), credited)!;
    assert.deepEqual(
      [line!.expectedAlpha, line!.expectedTao, line!.expectedUsdc],
      [worth.won.window.alpha, worth.won.window.tao, worth.won.window.usdc],
    );
    assert.deepEqual([line!.creditedPh, line!.creditedUsdc], [0.9, worth.credited!.window.usdc]);
    assert.deepEqual(
      [line!.offeredWorkers, line!.wonWorkers, line!.priceLevels, line!.stage, line!.ambiguous, line!.reason],
      [6, 6, "0.95:1.35;1.05:0.75", "final", false, null],
    );
    assert.equal(line!.firstBlockTime, "2023-11-14T22:13:20.000Z");
    const [header, row, end] = (await Deno.readTextFile(path)).split("\n");
    assert.equal(header, COLUMNS.join(","));
    assert.equal(row!.split(",").length, COLUMNS.length);
    assert.equal(end, "");
  });
});

Deno.test("writeLedger() writes each window once", async () => {
  await inFolder(async (state, path) => {
    assert.equal(await closeWindow(state, 8_000_000), true);
    const content = await Deno.readTextFile(path);
    assert.equal(await closeWindow(state, 8_000_000), false);
    assert.equal(await Deno.readTextFile(path), content);
    assert.equal(await closeWindow(state, 8_000_060), true);
    assert.equal(parseTable(await Deno.readTextFile(path), WINDOW_TABLE).lines.length, 2);
  });
});

Deno.test("writeLedger() removes a last line that was cut off, wherever that was", async () => {
  await inFolder(async (state, path) => {
    await closeWindow(state, 8_000_000);
    const first = await Deno.readFile(path);
    await closeWindow(state, 8_000_060);
    const both = await Deno.readFile(path);
    // In the header, right after it, within the second line, and before its line feed.
    for (const length of [0, 10, COLUMNS.join(",").length + 1, first.length + 5, both.length - 1]) {
      await Deno.writeFile(path, both.slice(0, length));
      const { lines } = await readLedger(ledgerFolder(state, OWNER), WINDOW_TABLE, "2023-11");
      assert.equal(lines.length, length > first.length ? 1 : 0, `${length} bytes`);
      await closeWindow(state, 8_000_120);
      const repaired = parseTable(await Deno.readTextFile(path), WINDOW_TABLE);
      assert.equal(repaired.unreadable, 0);
      assert.deepEqual(
        repaired.lines.map(({ firstBlock }) => firstBlock),
        length > first.length ? [8_000_000, 8_000_120] : [8_000_120],
      );
    }
  });
});

Deno.test("writeLedger() keeps the columns of a file that another version began, and months apart", async () => {
  await inFolder(async (state, path) => {
    await closeWindow(state, 8_000_000);
    const columns = ["new_column", ...COLUMNS.filter((column) => column !== "stage")];
    await Deno.writeTextFile(path, `${columns.join(",")}\n`);
    await closeWindow(state, 8_000_060);
    const { lines: [line], unreadable } = parseTable(await Deno.readTextFile(path), WINDOW_TABLE);
    assert.deepEqual([line!.firstBlock, line!.stage, unreadable], [8_000_060, null, 0]);
    const closed = { credited: null, nowMs: Date.UTC(2023, 11, 1) };
    await closeWindow(state, 8_000_120, closed, null);
    const folder = ledgerFolder(state, OWNER);
    assert.equal((await readLedger(folder, WINDOW_TABLE, "2023-11")).lines.length, 2);
    assert.equal((await readLedger(folder, WINDOW_TABLE, "2023-12")).lines.length, 1);
  });
});

Deno.test("readLedger() counts lines it cannot read, and finds nothing where there is nothing", async () => {
  await inFolder(async (state, path) => {
    assert.deepEqual(await readLedger(ledgerFolder(state, OWNER), WINDOW_TABLE, "2023-11"), {
      lines: [],
      unreadable: 0,
    });
    await closeWindow(state, 8_000_000);
    const text = await Deno.readTextFile(path);
    const wrong = [text.split("\n")[1]!.replace("8000000", "many"), "1,2,3", ""];
    await Deno.writeTextFile(path, `${text}${wrong.join("\n")}`);
    const { lines, unreadable } = await readLedger(ledgerFolder(state, OWNER), WINDOW_TABLE, "2023-11");
    assert.deepEqual([lines.length, unreadable], [1, 2]);
  });
});

Deno.test("the ledger neither reads nor extends a file of more than MAX_LEDGER_FILE_BYTES", async () => {
  await inFolder(async (state, path) => {
    await closeWindow(state, 8_000_000);
    await Deno.truncate(path, MAX_LEDGER_FILE_BYTES + 1);
    const message = `Cannot use the ledger ${path}: it is larger than 8388608 bytes; move that file away`;
    await assert.rejects(closeWindow(state, 8_000_060), { message });
    await assert.rejects(readLedger(ledgerFolder(state, OWNER), WINDOW_TABLE, "2023-11"), { message });
  });
});

Deno.test("writeLedger() writes through no link to another file", async () => {
  await inFolder(async (state, path) => {
    const other = join(state, "other");
    await Deno.writeTextFile(other, "a line that was cut off");
    await Deno.mkdir(ledgerFolder(state, OWNER), { recursive: true });
    await Deno.symlink(other, path);
    await assert.rejects(closeWindow(state, 1_000_000), /2023-11\.csv: it is a symbolic link/);
    assert.equal(await Deno.readTextFile(other), "a line that was cut off");
  });
});
