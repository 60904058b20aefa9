/**
 * Kills a routing process at random moments and looks at what the next start makes of it. By itself:
 * `deno run -A tests/delivery/proxies/kill_rounds.ts ROUNDS`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { osFiles } from "../../../src/delivery/proxies/files.ts";
import { journalPath, readJournal } from "../../../src/delivery/proxies/journal.ts";
import { recoverRouting } from "../../../src/delivery/proxies/route.ts";
import { classify } from "../../../src/delivery/proxies/torn_write.ts";
import { KILL_TARGETS, killPlace, killPools } from "./kill_place.ts";

/** Longer than a few whole runs of the child. */
const LONGEST_DELAY_MS = 120;

/** About as long as a write takes from its journal to its end. */
const LONGEST_WRITE_MS = 8;

/** What the rounds met: how often the process died with the file in which state. */
export type KillCounts = Record<"idle" | "old" | "new" | "torn" | "edited" | "reloads", number>;

/**
 * Kills that many processes with SIGKILL, each after a random delay. In every third round an operator edits the
 * file before the next start.
 *
 * @throws {AssertionError} when content, edit or reload is lost
 */
export async function runKillRounds(rounds: number): Promise<KillCounts> {
  const counts: KillCounts = { idle: 0, old: 0, new: 0, torn: 0, edited: 0, reloads: 0 };
  const allowed = new Set(KILL_TARGETS.map(killPools));
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-kill-" });
  const { target, stateDirectory } = killPlace(folder);
  const journalFile = journalPath(stateDirectory, target.poolsPath);
  try {
    for (let round = 0; round < rounds; round++) {
      await Deno.writeTextFile(target.poolsPath, killPools("1TH/s"));
      const { ino } = await Deno.stat(target.poolsPath);
      await killOne(folder, round % 2 === 0 ? null : journalFile);
      await osFiles.remove(target.sentinelPath);

      const left = await Deno.readFile(target.poolsPath);
      const journal = await readJournal(osFiles, journalFile);
      assert.notEqual(journal, "damaged");
      if (journal === "damaged") continue;
      const write = journal.write;
      const [before, after] = [write?.old.text, write?.new.text].map((text) =>
        new TextEncoder().encode(text)
      );
      const state = write === null ? "idle" : classify(left, before!, after!);
      assert.notEqual(state, "foreign");
      if (state !== "foreign") counts[state]++;

      const edit = round % 3 === 2 ? `# operator, round ${round}\n${killPools("5TH/s")}` : null;
      if (edit !== null) {
        await Deno.writeTextFile(target.poolsPath, edit);
        counts.edited++;
      }
      const { reload } = await recoverRouting(target, { stateDirectory, dryRun: false, nowMs: Date.now() });

      const content = await Deno.readTextFile(target.poolsPath);
      if (edit !== null) assert.equal(content, edit);
      else if (state === "old") assert.equal(content, write?.old.text);
      else if (state !== "idle") assert.equal(content, write?.new.text);
      assert.ok(edit !== null || allowed.has(content));
      assert.equal((await Deno.stat(target.poolsPath)).ino, ino);
      const isOwed = journal.reload !== null || (state !== "idle" && (state !== "old" || edit !== null));
      assert.equal(reload, isOwed ? "touched" : "not-needed");
      assert.equal(await osFiles.kindOf(target.sentinelPath), isOwed ? "file" : "missing");
      if (isOwed) counts.reloads++;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return counts;
}

/**
 * Starts a child, waits until it is in its stride, and kills it a random while later; with `journalFile`, soon after
 * the next journal appears, for most of a run is not writing.
 */
async function killOne(folder: string, journalFile: string | null): Promise<void> {
  const program = fileURLToPath(new URL("./kill_child.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, folder],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  if (!done) await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_DELAY_MS));
  if (journalFile !== null) {
    await spin(1000, () => osFiles.kindOf(journalFile).then((kind) => kind !== "missing"));
    await spin(Math.random() * LONGEST_WRITE_MS, () => Promise.resolve(false));
  }
  child.kill("SIGKILL");
  const status = await child.status;
  await reader.cancel();
  assert.equal(status.signal, "SIGKILL", "the child ended by itself");
}

/** Waits for a condition, at most so long, more finely than timers do. */
async function spin(limitMs: number, until: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + limitMs;
  while (performance.now() < end && !await until());
}

if (import.meta.main) {
  const counts = await runKillRounds(Number(Deno.args[0] ?? 100));
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(counts) + "\n"));
}
