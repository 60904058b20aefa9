import assert from "node:assert/strict";
import { readJournal } from "../../../src/delivery/proxies/journal.ts";
import { recoverWrite } from "../../../src/delivery/proxies/recovery.ts";
import { diskWith, JOURNAL, NEW, OLD, TARGET, torn, WRITE } from "./interrupted_write.ts";

const KEPT = "/state/routing-1.kept.json";
const OPTIONS = { targetPath: TARGET, journalPath: JOURNAL, dryRun: false, nowMs: 9 };

Deno.test("recoverWrite() settles each state of the file", async () => {
  const owed = { write: null, reload: { sinceMs: 5 } };
  const none = { write: null, reload: null };
  const cases = [
    [OLD, "not-started", OLD, none],
    [NEW, "finished", NEW, owed],
    [torn(OLD, NEW, 20), "completed", NEW, owed],
    ["# operator\n" + OLD, "operators-edit", "# operator\n" + OLD, owed],
  ] as const;
  for (const [content, outcome, left, journal] of cases) {
    const files = await diskWith(content, WRITE);
    const recovered = await recoverWrite(files, OPTIONS);
    assert.equal(recovered.recovery.outcome, outcome);
    assert.equal(files.text(TARGET), left);
    assert.deepEqual(await readJournal(files, JOURNAL), journal);
    assert.deepEqual(recovered.journal, journal);
  }
});

Deno.test("recoverWrite() keeps both contents when it leaves an operator's edit", async () => {
  const files = await diskWith("# operator\n", WRITE);
  const { recovery } = await recoverWrite(files, OPTIONS);
  assert.deepEqual(recovery, { outcome: "operators-edit", keptPath: KEPT });
  const { write } = JSON.parse(files.text(KEPT)!);
  assert.deepEqual([write.old.text, write.new.text], [OLD, NEW]);
});

Deno.test("recoverWrite() waits for a missing file", async () => {
  const files = await diskWith(null, WRITE);
  assert.equal((await recoverWrite(files, OPTIONS)).recovery.outcome, "file-missing");
  files.setText(TARGET, torn(OLD, NEW, 20));
  assert.equal((await recoverWrite(files, OPTIONS)).recovery.outcome, "completed");
  assert.equal(files.text(TARGET), NEW);
});

Deno.test("recoverWrite() sets a damaged journal aside and owes a reload", async () => {
  const files = await diskWith(OLD, WRITE);
  files.setText(JOURNAL, "{");
  const { recovery, journal } = await recoverWrite(files, OPTIONS);
  assert.deepEqual(recovery, { outcome: "journal-damaged", keptPath: KEPT });
  assert.deepEqual(journal, { write: null, reload: { sinceMs: 9 } });
  assert.equal(files.text(KEPT), "{");
  assert.equal(files.text(TARGET), OLD);
});

Deno.test("recoverWrite() puts the old content back when the new one has no space", async () => {
  const files = await diskWith(torn(OLD, NEW, 20), WRITE);
  let writes = 0;
  files.before = (call): void => {
    if (call === `write ${TARGET}` && writes++ === 0) {
      throw new Error("No space left on device (os error 28)");
    }
  };
  assert.equal((await recoverWrite(files, OPTIONS)).recovery.outcome, "restored");
  assert.equal(files.text(TARGET), OLD);
});

Deno.test("recoverWrite() keeps the journal when the torn file can be neither completed nor restored", async () => {
  const files = await diskWith(torn(OLD, NEW, 20), WRITE);
  files.before = (call): void => {
    if (call === `open ${TARGET}`) throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  };
  await assert.rejects(recoverWrite(files, OPTIONS), {
    name: "RoutingError",
    kind: "not-writable",
    message: `Cannot write ${TARGET}: Permission denied (os error 13); its content is uncertain, and the ` +
      "next run will restore it; make it writable for the user that ih-miner runs as",
  });
  assert.deepEqual(await readJournal(files, JOURNAL), WRITE);
});

Deno.test("recoverWrite() syncs a file that is already whole before it forgets the write", async () => {
  const files = await diskWith(NEW, WRITE);
  files.before = (call): void => {
    if (call === `sync ${TARGET}`) throw new Error("Input/output error (os error 5)");
  };
  await assert.rejects(recoverWrite(files, OPTIONS), { name: "RoutingError", kind: "write-failed" });
  assert.deepEqual(await readJournal(files, JOURNAL), WRITE);
});

Deno.test("recoverWrite() owes the reload also when it dies while it leaves an operator's edit", async () => {
  for (let fuel = 1;; fuel++) {
    const files = (await diskWith("# operator\n", WRITE)).restart(fuel);
    const isDone = await recoverWrite(files, OPTIONS).then(() => true, () => false);
    const { journal } = await recoverWrite(files.restart(), OPTIONS);
    assert.deepEqual(journal, { write: null, reload: { sinceMs: 5 } });
    if (isDone) break;
  }
});

Deno.test("recoverWrite() with dryRun changes nothing and reports what it would do", async () => {
  for (const content of [OLD, NEW, torn(OLD, NEW, 20), "# operator\n"]) {
    const files = await diskWith(content, WRITE);
    const before = files.snapshot();
    const { recovery, wouldBe } = await recoverWrite(files, { ...OPTIONS, dryRun: true });
    assert.deepEqual(files.snapshot(), before);
    assert.equal(wouldBe, recovery.outcome === "completed" ? NEW : null);
  }
});
