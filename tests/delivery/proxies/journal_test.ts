import assert from "node:assert/strict";
import { journalPath, readJournal, writeJournal } from "../../../src/delivery/proxies/journal.ts";
import { diskWith, JOURNAL, OLD, TARGET, WRITE } from "./interrupted_write.ts";

Deno.test("journalPath() is one path a file", () => {
  assert.match(journalPath("/state", "/etc/pools.toml"), /^\/state\/routing-[0-9a-f]{32}\.json$/);
  assert.notEqual(journalPath("/state", "/etc/pools.toml"), journalPath("/state", "/etc/pools2.toml"));
});

Deno.test("writeJournal() and readJournal() keep a journal, and remove an empty one", async () => {
  const files = await diskWith(OLD, WRITE);
  assert.deepEqual(await readJournal(files, JOURNAL), WRITE);
  assert.equal(JSON.parse(files.text(JOURNAL)!).path, TARGET);
  await writeJournal(files, JOURNAL, TARGET, { write: null, reload: null });
  assert.equal(files.contents.has(JOURNAL), false);
  assert.deepEqual(await readJournal(files, JOURNAL), { write: null, reload: null });
});

Deno.test("readJournal() returns `damaged` for differing hashes and for other content", async () => {
  const files = await diskWith(OLD, WRITE);
  const whole = files.text(JOURNAL)!;
  for (const text of [whole.replace("450", "451"), whole.slice(0, -5), "", "null", "{}", "[]"]) {
    files.setText(JOURNAL, text);
    assert.equal(await readJournal(files, JOURNAL), "damaged", text);
  }
});
