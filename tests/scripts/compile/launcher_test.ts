import assert from "node:assert/strict";
import { join } from "node:path";
import { holdUmask } from "../../support/shared_process.ts";
import { writeSelfExtracting } from "../../../scripts/compile/self_extracting_form.ts";

/** Stands in for Deno: prints how it was called. */
const STAND_IN = `#!/bin/sh
[ "$1" = --version ] && exit 0
printf '%s\\n' "path=$PATH" "deno_dir=$DENO_DIR" "$@"
`;

interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly file: string;
  /** Runs the file with this environment and nothing else. */
  run(env: Record<string, string>, args?: string[]): Promise<{ code: number; out: string; err: string }>;
  /** Entries of a folder. */
  list(path: string): Promise<string[]>;
}

async function place(standIn = STAND_IN): Promise<Place> {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "ih-miner");
  await Deno.writeTextFile(join(folder, "deno"), standIn);
  await Deno.writeTextFile(join(folder, "main.js"), "main");
  await Deno.writeTextFile(join(folder, "x_worker.js"), "worker");
  await Deno.mkdir(join(folder, "scratch"));
  await writeSelfExtracting({
    version: "1.2.3",
    target: "this machine",
    deno: { path: join(folder, "deno"), version: "2.6.8" },
    files: [join(folder, "main.js"), join(folder, "x_worker.js")],
    scratch: join(folder, "scratch"),
    output: file,
  });
  return {
    folder,
    file,
    run: async (env, args = []) => {
      // Through sh: a process that another test starts can still hold the new file open for writing, and Linux does
      // not execute such a file ("Text file busy").
      const command = new Deno.Command("/bin/sh", { args: [file, ...args], env, clearEnv: true });
      const { code, stdout, stderr } = await command.output();
      const text = new TextDecoder();
      return { code, out: text.decode(stdout), err: text.decode(stderr) };
    },
    list: async (path) => (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort(),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("the launcher unpacks once and runs Deno with fixed permissions and the given arguments", async () => {
  await using at = await place();
  const cache = join(at.folder, "cache");
  const first = await at.run({ IH_MINER_CACHE: cache, PATH: "/nowhere" }, [
    "config.toml",
    "--once",
    "two words",
  ]);
  assert.equal(first.code, 0, first.err);
  const [release] = await at.list(cache);
  assert.match(release!, /^1\.2\.3-[0-9a-f]{16}$/);
  const folder = join(cache, release!);
  assert.deepEqual(await at.list(folder), ["deno", "main.js", "x_worker.js"]);
  const lines = first.out.trimEnd().split("\n");
  assert.equal(lines[0], "path=/nowhere");
  assert.equal(lines[1], `deno_dir=${folder}/deno-dir`);
  assert.ok(lines.includes("--no-prompt") && lines.includes("--no-config") && !lines.includes("-A"));
  assert.deepEqual(lines.slice(-4), [`${folder}/main.js`, "config.toml", "--once", "two words"]);

  const { ino } = await Deno.stat(join(folder, "deno"));
  const again = await at.run({ IH_MINER_CACHE: cache, PATH: "" });
  assert.equal(again.code, 0, again.err);
  assert.match(again.out, /^path=$/m);
  assert.equal((await Deno.stat(join(folder, "deno"))).ino, ino);
});

Deno.test("the launcher looks for its cache in the documented order", async () => {
  await using at = await place();
  const order: [Record<string, string>, string][] = [
    [{ IH_MINER_CACHE: "a", CACHE_DIRECTORY: "b", XDG_CACHE_HOME: "c", HOME: "d" }, "a"],
    [{ CACHE_DIRECTORY: "b:e", XDG_CACHE_HOME: "c", HOME: "d" }, "b"],
    [{ XDG_CACHE_HOME: "c", HOME: "d" }, "c/ih-miner"],
    [{ HOME: "d" }, "d/.cache/ih-miner"],
  ];
  for (const [names, expected] of order) {
    const env = Object.fromEntries(
      Object.entries(names).map((
        [name, value],
      ) => [name, value.split(":").map((part) => join(at.folder, part)).join(":")]),
    );
    const { code, out, err } = await at.run(env);
    assert.equal(code, 0, err);
    assert.ok(out.includes(`deno_dir=${join(at.folder, expected)}/1.2.3-`), `${expected}: ${out}`);
  }
});

Deno.test("the launcher makes nothing under umask 000 that others may write to", async () => {
  await using at = await place();
  const home = join(at.folder, "home");
  {
    using _usual = await holdUmask(0o022);
    await Deno.mkdir(home);
  }
  {
    using _open = await holdUmask(0);
    assert.equal((await at.run({ HOME: home })).code, 0);
  }
  const seen: string[] = [];
  const look = async (path: string): Promise<void> => {
    const { mode, isDirectory } = await Deno.lstat(path);
    seen.push(path);
    assert.equal(mode! & 0o022, 0, path);
    if (!isDirectory) return;
    for (const name of await at.list(path)) await look(join(path, name));
  };
  await look(home);
  assert.ok(seen.some((path) => path.endsWith("/main.js")), seen.join());
});

Deno.test("the launcher started twice at once unpacks one whole folder and leaves nothing else", async () => {
  await using at = await place();
  const cache = join(at.folder, "cache");
  const runs = await Promise.all(Array.from({ length: 6 }, () => at.run({ IH_MINER_CACHE: cache })));
  for (const { code, err } of runs) assert.equal(code, 0, err);
  assert.equal((await at.list(cache)).length, 1);
});

/** For each: what is wrong with the cache, how to cause it, and the message. */
const tampering: [string, (cache: string, release: string) => Promise<void>, RegExp][] = [
  ["a folder that others can write", (cache) => Deno.chmod(cache, 0o777), /can be written by others/],
  [
    "a release that the group can write",
    (_, release) => Deno.chmod(release, 0o775),
    /can be written by others/,
  ],
  [
    "a program that others can write",
    (_, release) => Deno.chmod(join(release, "deno"), 0o757),
    /deno can be written by others/,
  ],
  [
    "a file of another size",
    (_, release) => Deno.writeTextFile(join(release, "main.js"), "changed"),
    /main\.js has 7 bytes, not 4/,
  ],
  ["a missing file", (_, release) => Deno.remove(join(release, "x_worker.js")), /x_worker\.js is missing/],
  [
    "a link in place of a file",
    async (_, release) => {
      await Deno.rename(join(release, "main.js"), join(release, "other.js"));
      await Deno.symlink("other.js", join(release, "main.js"));
    },
    /main\.js is missing or not a file/,
  ],
  [
    "a link in place of the release",
    async (_, release) => {
      await Deno.rename(release, `${release}.moved`);
      await Deno.symlink(`${release}.moved`, release);
    },
    /is not a folder/,
  ],
];
if (Deno.uid() === 0) {
  const nobody = 65534;
  tampering.push(
    ["a folder of another user", (cache) => Deno.chown(cache, nobody, nobody), /belongs to user 65534/],
    [
      "a program of another user",
      (_, release) => Deno.chown(join(release, "deno"), nobody, nobody),
      /deno belongs to user 65534/,
    ],
  );
}
for (const [what, tamper, message] of tampering) {
  Deno.test(`the launcher refuses ${what}`, async () => {
    await using at = await place();
    const cache = join(at.folder, "cache");
    assert.equal((await at.run({ IH_MINER_CACHE: cache })).code, 0);
    const [release] = await at.list(cache);
    await tamper(cache, join(cache, release!));
    const { code, out, err } = await at.run({ IH_MINER_CACHE: cache });
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.match(err, message);
  });
}

Deno.test("the launcher refuses a damaged file, and leaves nothing behind", async () => {
  await using at = await place();
  const cache = join(at.folder, "cache");
  const bytes = await Deno.readFile(at.file);
  await Deno.writeFile(at.file, bytes.subarray(0, bytes.length - 200));
  const { code, err } = await at.run({ IH_MINER_CACHE: cache });
  assert.equal(code, 1);
  assert.match(err, /the file is damaged/);
  assert.deepEqual(await at.list(cache), []);
});

Deno.test("the launcher refuses a program for another machine", async () => {
  await using at = await place("\x7fELF of another machine");
  const cache = join(at.folder, "cache");
  const { code, err } = await at.run({ IH_MINER_CACHE: cache });
  assert.equal(code, 1);
  assert.match(err, /it is for this machine, this machine is/);
  assert.deepEqual(await at.list(cache), []);
});

Deno.test("the launcher puts IH_MINER_RUNNER before the program", async () => {
  await using at = await place();
  const { code, out, err } = await at.run({
    IH_MINER_CACHE: join(at.folder, "cache"),
    IH_MINER_RUNNER: "sh -u",
  });
  assert.equal(code, 0, err);
  assert.match(out, /^run$/m);
  const unknown = { IH_MINER_CACHE: join(at.folder, "cache"), IH_MINER_RUNNER: "no-such-emulator" };
  assert.match((await at.run(unknown)).err, /IH_MINER_RUNNER: there is no program no-such-emulator/);
});

Deno.test("writeSelfExtracting() gives the same bytes for the same content", async () => {
  await using one = await place();
  await using other = await place();
  assert.deepEqual(await Deno.readFile(one.file), await Deno.readFile(other.file));
});
