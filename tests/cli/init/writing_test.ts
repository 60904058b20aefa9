/** Writing all files of `ih-miner init` or none, with disks that fill up and keys that are pressed meanwhile. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { whyNotWritable, writeAllOrNone } from "../../../src/cli/init/writing.ts";
import { InterruptedError } from "../../../src/cli/interruption.ts";
import { type Files, osFiles } from "../../../src/delivery/proxies/files.ts";

const NEVER = new AbortController().signal;
const [OLD, NEW] = ["# mine, and longer than what comes\n".repeat(3), "# the new one\n"];

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-writing-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

/** A disk that takes a few bytes of one file and then says that it is full. */
function fullAt(path: string): Files {
  let isFull = false;
  return {
    ...osFiles,
    open: async (opened, options) => {
      const file = await osFiles.open(opened, options);
      return opened !== path ? file : {
        ...file,
        write: (bytes) => {
          // The old content has its place already.
          if (isFull && bytes.length > NEW.length) return file.write(bytes);
          if (isFull) return Promise.reject(new Error("No space left on device"));
          isFull = true;
          return file.write(bytes.subarray(0, 5));
        },
      };
    },
  };
}

Deno.test("writeAllOrNone() creates folders and files, and replaces a file without changing its mode", () =>
  inFolder(async (folder) => {
    const [first, second] = [join(folder, "a", "b", "pools.toml"), join(folder, "config.toml")];
    await Deno.writeTextFile(second, OLD, { mode: 0o640 });
    await writeAllOrNone(
      [{ path: first, text: NEW, exists: false }, { path: second, text: NEW, exists: true }],
      NEVER,
    );
    assert.equal(await Deno.readTextFile(first), NEW);
    assert.equal(await Deno.readTextFile(second), NEW);
    assert.equal((await Deno.stat(second)).mode! & 0o777, 0o640);
  }));

Deno.test("writeAllOrNone() leaves nothing of a new file behind when the disk is full", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a", "b", "config.toml");
    const files = [
      { path: join(folder, "pools.toml"), text: NEW, exists: false },
      { path, text: NEW, exists: false },
    ];
    await assert.rejects(
      writeAllOrNone(files, NEVER, fullAt(path)),
      /Cannot write .*config\.toml: No space left/,
    );
    assert.deepEqual(await namesIn(folder), []);
  }));

Deno.test("writeAllOrNone() gives a file its old content back when the disk is full", () =>
  inFolder(async (folder) => {
    const path = join(folder, "config.toml");
    await Deno.writeTextFile(path, OLD);
    const files = [{ path, text: NEW, exists: true }];
    await assert.rejects(writeAllOrNone(files, NEVER, fullAt(path)), /No space left/);
    assert.equal(await Deno.readTextFile(path), OLD);
  }));

Deno.test("writeAllOrNone() undoes everything when a signal comes meanwhile", () =>
  inFolder(async (folder) => {
    const [first, second] = [join(folder, "a", "pools.toml"), join(folder, "config.toml")];
    await Deno.writeTextFile(second, OLD);
    const files = [
      { path: first, text: NEW, exists: false },
      { path: second, text: NEW, exists: true },
    ];
    for (const at of [first, second]) {
      const abort = new AbortController();
      const os: Files = {
        ...osFiles,
        open: (path, options) => {
          if (path === at) abort.abort(new InterruptedError("SIGINT"));
          return osFiles.open(path, options);
        },
      };
      await assert.rejects(writeAllOrNone(files, abort.signal, os), InterruptedError);
      assert.deepEqual(await namesIn(folder), ["config.toml"]);
      assert.equal(await Deno.readTextFile(second), OLD);
    }
  }));

Deno.test("writeAllOrNone() never replaces a file that was not there when it was shown", () =>
  inFolder(async (folder) => {
    const path = join(folder, "config.toml");
    await Deno.writeTextFile(path, OLD);
    await assert.rejects(
      writeAllOrNone([{ path, text: NEW, exists: false }], NEVER),
      /Cannot write .*exists/,
    );
    assert.equal(await Deno.readTextFile(path), OLD);
  }));

Deno.test("whyNotWritable() looks at the file, or at the folder that would hold it, and leaves no trace", () =>
  inFolder(async (folder) => {
    const path = join(folder, "config.toml");
    assert.equal(await whyNotWritable(join(folder, "a", "b", "config.toml")), null);
    assert.equal(await whyNotWritable(path), null);
    assert.deepEqual(await namesIn(folder), []);
    await Deno.writeTextFile(path, OLD);
    assert.equal(await whyNotWritable(path), null);
    assert.equal(await Deno.readTextFile(path), OLD);
    assert.equal(await whyNotWritable(folder), "it is not a file");
    assert.match(await whyNotWritable(join(path, "config.toml")) ?? "", /Not a directory/);
  }));
