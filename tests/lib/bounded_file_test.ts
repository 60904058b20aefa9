import assert from "node:assert/strict";
import { FileTooLargeError, readBounded } from "../../src/lib/bounded_file.ts";
import { inTemporaryFolder } from "../../src/lib/temporary_folder.ts";

Deno.test("readBounded reads a file that is as large as it may be, and refuses a larger one", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = `${folder}/file`;
    for (const size of [0, 1, 999, 1_000]) {
      await Deno.writeFile(path, new Uint8Array(size).fill(7));
      assert.deepEqual(await readBounded(path, 1_000), new Uint8Array(size).fill(7));
    }
    await Deno.writeFile(path, new Uint8Array(1_001));
    await assert.rejects(readBounded(path, 1_000), (error) => {
      assert.ok(error instanceof FileTooLargeError);
      assert.equal(error.message, "it is larger than 1000 bytes");
      return true;
    });
  });
});

Deno.test({
  name: "readBounded reads files without a size whole, and does not read endless ones to the end",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    assert.deepEqual(
      await readBounded("/proc/self/limits", 100_000),
      await Deno.readFile("/proc/self/limits"),
    );
    await assert.rejects(readBounded("/dev/zero", 1_000_000), FileTooLargeError);
  },
});

Deno.test("readBounded passes on why a file cannot be read", async () => {
  await assert.rejects(readBounded("/no/such/file", 1), Deno.errors.NotFound);
});
