import assert from "node:assert/strict";
import { join } from "node:path";
import { holdUmask } from "../support/shared_process.ts";
import { openOwn, writeAnew } from "../../src/lib/own_file.ts";

/** Runs a test in a folder with another file, while new files may be written by everybody. */
async function inFolder(test: (folder: string, other: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  using _open = await holdUmask(0);
  try {
    const other = join(folder, "other");
    await Deno.writeTextFile(other, "kept");
    await test(folder, other);
    assert.equal(await Deno.readTextFile(other), "kept");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function modeOf(path: string): Promise<number> {
  return (await Deno.stat(path)).mode! & 0o777;
}

Deno.test("openOwn() creates a file for its owner alone, and opens it again", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "own");
    for (const text of ["first", "second"]) {
      using file = await openOwn(path);
      await file.write(new TextEncoder().encode(text));
    }
    assert.equal(await Deno.readTextFile(path), "second");
    assert.equal(await modeOf(path), 0o600);
  });
});

Deno.test("openOwn() follows no link, whether it leads to a file or nowhere", async () => {
  await inFolder(async (folder, other) => {
    for (const [name, to] of [["link", other], ["dangling", join(folder, "nowhere")]] as const) {
      await Deno.symlink(to, join(folder, name));
      await assert.rejects(openOwn(join(folder, name)), /it is a symbolic link, which the agent never makes/);
    }
    await assert.rejects(Deno.stat(join(folder, "nowhere")), Deno.errors.NotFound);
  });
});

Deno.test("writeAnew() replaces a file or a link by a file for its owner alone", async () => {
  await inFolder(async (folder, other) => {
    const path = join(folder, "own");
    await Deno.symlink(other, path);
    for (const text of ["instead of the link", "anew"]) {
      await writeAnew(path, new TextEncoder().encode(text));
      assert.equal(await Deno.readTextFile(path), text);
    }
    assert.equal((await Deno.lstat(path)).isFile, true);
    assert.equal(await modeOf(path), 0o600);
  });
});
