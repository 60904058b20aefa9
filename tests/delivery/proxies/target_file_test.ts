import assert from "node:assert/strict";
import { RoutingError } from "../../../src/delivery/proxies/errors.ts";
import { MAX_PROXY_FILE_BYTES, osFiles } from "../../../src/delivery/proxies/files.ts";
import { keepJournal, MAX_JOURNAL_BYTES, readJournal } from "../../../src/delivery/proxies/journal.ts";
import { readTarget } from "../../../src/delivery/proxies/target_file.ts";
import { FileTooLargeError } from "../../../src/lib/bounded_file.ts";
import { inTemporaryFolder } from "../../../src/lib/temporary_folder.ts";

Deno.test("readTarget reads no file of more than MAX_PROXY_FILE_BYTES", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = `${folder}/pools.toml`;
    await Deno.writeFile(path, new Uint8Array(MAX_PROXY_FILE_BYTES));
    assert.equal((await readTarget(osFiles, path)).length, MAX_PROXY_FILE_BYTES);
    await Deno.truncate(path, MAX_PROXY_FILE_BYTES + 1);
    await assert.rejects(readTarget(osFiles, path), (error) => {
      assert.ok(error instanceof RoutingError && error.kind === "not-readable");
      assert.match(
        error.message,
        /^Cannot read \/\S+: it is larger than 8388608 bytes; name the proxy's own file$/,
      );
      return true;
    });
  });
});

/** Files that exist and are larger than every limit but one. */
function tooLargeFor(asked: number[]): typeof osFiles {
  return {
    ...osFiles,
    kindOf: () => Promise.resolve("file"),
    read: (_path, maxBytes) => {
      asked.push(maxBytes);
      return Promise.reject(new FileTooLargeError(maxBytes));
    },
  };
}

Deno.test("readJournal and keepJournal read no file of more than MAX_JOURNAL_BYTES", async () => {
  const asked: number[] = [];
  const files = tooLargeFor(asked);
  await assert.rejects(readJournal(files, "/state/routing.json"), /it is larger than 109051904 bytes/);
  await assert.rejects(keepJournal(files, "/state/routing.json"), /it is larger than 109051904 bytes/);
  assert.deepEqual(asked, [MAX_JOURNAL_BYTES, MAX_JOURNAL_BYTES]);
});
