import assert from "node:assert/strict";
import { join } from "node:path";
import { inTemporaryFolder } from "../../src/lib/temporary_folder.ts";

Deno.test("inTemporaryFolder() gives a private folder, and removes it however the work ends", async () => {
  const folders: string[] = [];
  const work = async (folder: string): Promise<number> => {
    folders.push(folder);
    assert.equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
    await Deno.writeTextFile(join(folder, "file"), "");
    return 7;
  };
  assert.equal(await inTemporaryFolder(work), 7);
  const failing = inTemporaryFolder(async (folder) => {
    await work(folder);
    throw new Error("failed");
  });
  await assert.rejects(failing, { message: "failed" });
  assert.equal(folders.length, 2);
  for (const folder of folders) await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});
