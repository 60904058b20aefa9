import assert from "node:assert/strict";
import { MAX_SNAPSHOT_BYTES, readSavedAuction } from "../../../src/agent/jobs/saved_auction.ts";
import { SnapshotError } from "../../../src/auction/protocol/errors.ts";
import { gzip } from "../../../src/lib/gzip.ts";
import { inTemporaryFolder } from "../../../src/lib/temporary_folder.ts";

Deno.test("readSavedAuction reads no file, and unpacks no text, of more than MAX_SNAPSHOT_BYTES", async () => {
  await inTemporaryFolder(async (folder) => {
    const large = `${folder}/large.json`;
    await Deno.writeFile(large, new Uint8Array());
    await Deno.truncate(large, MAX_SNAPSHOT_BYTES + 1);
    const small = `${folder}/small.json.gz`;
    await Deno.writeFile(small, await gzip(" ".repeat(MAX_SNAPSHOT_BYTES + 1)));
    assert.ok((await Deno.stat(small)).size < 100_000);
    for (const path of [large, small]) {
      await assert.rejects(readSavedAuction(path), (error) => {
        assert.ok(error instanceof SnapshotError);
        assert.equal(
          error.message,
          `Cannot read the snapshot ${path}: it is larger than ${MAX_SNAPSHOT_BYTES} bytes`,
        );
        return true;
      });
    }
  });
});
