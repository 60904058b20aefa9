import assert from "node:assert/strict";
import { join } from "node:path";
import type { KeptRuntime } from "../../../src/agent/jobs/kept_runtime.ts";
import { type RuntimeOwner, RuntimeStore } from "../../../src/agent/workers/runtime_store.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

const URL_A = "wss://a.example/key";
const URL_B = "wss://b.example";

function runtime(code: number, url = URL_A): KeptRuntime {
  return {
    url,
    genesisHash: `0x${"01".repeat(32)}`,
    codeHash: `0x${code.toString(16).padStart(64, "0")}`,
    versionJson: `{"specVersion":${code}}`,
    metadata: new TextEncoder().encode(`meta\n${code}`),
  };
}

interface Folder extends AsyncDisposable {
  readonly owner: RuntimeOwner;
  readonly path: string;
  /** The paths of the kept files. */
  files(): Promise<string[]>;
}

async function stateFolder(): Promise<Folder> {
  const stateDirectory = await Deno.makeTempDir();
  const path = join(stateDirectory, "runtimes");
  return {
    owner: { job: "auction", stateDirectory },
    path,
    files: async () => (await Array.fromAsync(Deno.readDir(path), ({ name }) => join(path, name))).sort(),
    [Symbol.asyncDispose]: () => Deno.remove(stateDirectory, { recursive: true }),
  };
}

/** A store that has kept these, as an earlier process. */
async function keeping(owner: RuntimeOwner, ...runtimes: readonly KeptRuntime[]): Promise<RuntimeStore> {
  const store = new RuntimeStore(new LogRecorder());
  for (const each of runtimes) store.keep(owner, each);
  await store.settled();
  return store;
}

/** What a new process finds. */
function recalled(owner: RuntimeOwner, urls: readonly string[] = [URL_A]): Promise<readonly KeptRuntime[]> {
  return new RuntimeStore(new LogRecorder()).recall(owner, urls);
}

Deno.test("RuntimeStore gives back what it has kept, in the same process and in the next one", async () => {
  await using folder = await stateFolder();
  const { owner } = folder;
  assert.deepEqual(await recalled(owner), []);
  const store = await keeping(owner, runtime(1), runtime(2, URL_B));
  assert.deepEqual(await store.recall(owner, [URL_A]), [runtime(1)]);
  assert.deepEqual(await recalled(owner), [runtime(1)]);
  assert.deepEqual(await recalled(owner, [URL_B]), [runtime(2, URL_B)]);
  assert.deepEqual(await recalled(owner, ["wss://c.example"]), []);
});

Deno.test("RuntimeStore gives no job what another job's worker has fetched", async () => {
  await using folder = await stateFolder();
  const { owner } = folder;
  const store = await keeping(owner, runtime(1));
  const other = { ...owner, job: "commitment" };
  assert.deepEqual(await store.recall(other, [URL_A]), []);
  assert.deepEqual(await recalled(other), []);
});

Deno.test("RuntimeStore keeps the last two of an endpoint, and at most 16 files", async () => {
  await using folder = await stateFolder();
  const { owner } = folder;
  const store = await keeping(owner, runtime(1), runtime(2), runtime(2), runtime(3));
  assert.deepEqual(await store.recall(owner, [URL_A]), [runtime(2), runtime(3)]);
  assert.deepEqual(new Set((await recalled(owner)).map(({ codeHash }) => codeHash)).size, 2);
  await keeping(owner, ...Array.from({ length: 20 }, (_, i) => runtime(i + 10, `wss://${i}.example`)));
  assert.equal((await folder.files()).length, 16);
  assert.deepEqual(await recalled(owner, ["wss://19.example"]), [runtime(29, "wss://19.example")]);
});

Deno.test("RuntimeStore writes files that only their owner can read, without the endpoint's access key", async () => {
  await using folder = await stateFolder();
  await keeping(folder.owner, runtime(1));
  const [path, ...rest] = await folder.files();
  assert.deepEqual(rest, []);
  assert.equal((await Deno.stat(path!)).mode! & 0o777, 0o600);
  assert.equal((await Deno.stat(folder.path)).mode! & 0o777, 0o700);
  assert.ok(!(path! + await Deno.readTextFile(path!)).includes("key"));
});

const DAMAGE: Readonly<Record<string, (path: string, folder: Folder) => Promise<void>>> = {
  "cut off": async (path) => await Deno.truncate(path, 100),
  "empty": async (path) => await Deno.truncate(path, 0),
  "changed in its metadata": async (path) => {
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await Deno.writeFile(path, bytes);
  },
  "that of another runtime": async (path, { owner, files }) => {
    await keeping(owner, runtime(2, URL_B));
    const other = (await files()).find((name) => name !== path)!;
    await Deno.rename(other, path);
  },
  "a link": async (path) => {
    await Deno.rename(path, `${path.replace("/runtimes/", "/")}.elsewhere`);
    await Deno.symlink(`${path.replace("/runtimes/", "/")}.elsewhere`, path);
  },
  "a folder": async (path) => {
    await Deno.remove(path);
    await Deno.mkdir(path);
  },
};
for (const [what, damage] of Object.entries(DAMAGE)) {
  Deno.test(`RuntimeStore does not use a file that is ${what}`, async () => {
    await using folder = await stateFolder();
    const { owner } = folder;
    await keeping(owner, runtime(1));
    const [path] = await folder.files();
    await damage(path!, folder);
    const log = new LogRecorder();
    const store = new RuntimeStore(log);
    assert.deepEqual(await store.recall(owner, [URL_A]), []);
    assert.equal(log.fieldsOf("Kept runtime is of no use, it is fetched anew")?.["path"], path);
    if (what === "a folder") return;
    await keeping(owner, runtime(1));
    assert.deepEqual(await recalled(owner), [runtime(1)]);
    assert.ok((await Deno.lstat(path!)).isFile);
  });
}

Deno.test("RuntimeStore neither reads nor writes through a link in place of its folder", async () => {
  await using folder = await stateFolder();
  await using elsewhere = await stateFolder();
  const { owner } = folder;
  await Deno.mkdir(elsewhere.path);
  await Deno.symlink(elsewhere.path, folder.path);
  const store = await keeping(owner, runtime(1));
  assert.deepEqual(await elsewhere.files(), []);
  await keeping(elsewhere.owner, runtime(1));
  assert.deepEqual(await recalled(owner), []);
  assert.deepEqual(await store.recall(owner, [URL_A]), [runtime(1)]);
});

Deno.test("RuntimeStore drops what an endpoint has said, and nothing else", async () => {
  await using folder = await stateFolder();
  const { owner } = folder;
  const store = await keeping(owner, runtime(1), runtime(2), runtime(1, URL_B));
  await keeping({ ...owner, job: "commitment" }, runtime(1));
  store.forget(owner, URL_A);
  assert.deepEqual(await store.recall(owner, [URL_A, URL_B]), [runtime(1, URL_B)]);
  assert.deepEqual(await recalled(owner), []);
  assert.deepEqual(await recalled({ ...owner, job: "commitment" }), [runtime(1)]);
});

Deno.test("RuntimeStore that is read-only leaves the state folder alone", async () => {
  await using folder = await stateFolder();
  const { owner } = folder;
  const store = new RuntimeStore(new LogRecorder(), true);
  store.keep(owner, runtime(1));
  assert.deepEqual(await store.recall(owner, [URL_A]), [runtime(1)]);
  await assert.rejects(Deno.lstat(folder.path), Deno.errors.NotFound);
});
