import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type BundledCbc,
  type CbcPack,
  CbcUnpacker,
} from "../../../../src/auction/solver/cbc/bundled_cbc.ts";
import { packOf, STAND_IN, standInPack } from "./stand_in_pack.ts";

interface Place extends AsyncDisposable {
  /** A state folder that is not there yet. */
  readonly state: string;
  /** What is in its folder of solvers. */
  list(): Promise<string[]>;
  /** The paths and modes of all that was unpacked. */
  modes(): Promise<Record<string, string>>;
}

async function place(): Promise<Place> {
  const folder = await Deno.makeTempDir();
  const state = join(folder, "below", "state");
  const root = join(state, "solver");
  const modesOf = async (path: string): Promise<[string, string][]> => {
    const { mode, isDirectory } = await Deno.lstat(path);
    const below = isDirectory ? await Array.fromAsync(Deno.readDir(path)) : [];
    const own: [string, string] = [path.slice(root.length), (mode! & 0o777).toString(8)];
    return [own, ...(await Promise.all(below.map(({ name }) => modesOf(join(path, name))))).flat()];
  };
  return {
    state,
    list: async () => (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name).sort(),
    modes: async () => Object.fromEntries(await modesOf(root)),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Unpacks as at the start of an agent. */
function start(pack: CbcPack, state: string): Promise<BundledCbc | null> {
  return new CbcUnpacker(pack).unpack(state);
}

function commandOf(result: BundledCbc | null): readonly string[] {
  assert.ok(result?.kind === "ready", JSON.stringify(result));
  return result.command;
}

function problemOf(result: BundledCbc | null): string {
  assert.ok(result?.kind === "unusable", JSON.stringify(result));
  return result.problem;
}

Deno.test("the unpacker makes the program ready for its user alone, and nothing else is left", async () => {
  await using at = await place();
  const [program = ""] = commandOf(await start(await standInPack(), at.state));
  assert.equal(await Deno.readTextFile(program), STAND_IN);
  const [lock, version = "", ...others] = await at.list();
  assert.equal(lock, ".lock");
  assert.deepEqual(others, []);
  assert.match(version, /^cbc-[0-9a-f]{16}$/);
  assert.deepEqual(await at.modes(), {
    "": "700",
    "/.lock": "600",
    [`/${version}`]: "700",
    [`/${version}/cbc`]: "700",
    [`/${version}/licences`]: "700",
    [`/${version}/licences/cbc.txt`]: "600",
  });
});

Deno.test("the unpacker does nothing where no program is bundled, as from source", async () => {
  await using at = await place();
  assert.equal(await new CbcUnpacker(null).unpack(at.state), null);
  assert.equal(await new CbcUnpacker().unpack(at.state), null);
  await assert.rejects(Deno.stat(at.state), Deno.errors.NotFound);
});

Deno.test("the unpacker uses what an earlier start has unpacked", async () => {
  await using at = await place();
  const pack = await standInPack();
  await start(pack, at.state);
  commandOf(await start(pack, at.state));
  assert.equal(pack.reads, 1);
});

/** What can happen to the unpacked folder, given its path. */
const damages: [what: string, damage: (folder: string) => Promise<void>][] = [
  ["a changed program", (folder) => Deno.writeTextFile(join(folder, "cbc"), "#!/bin/sh\nexit 1\n")],
  ["a missing file", (folder) => Deno.remove(join(folder, "licences/cbc.txt"))],
  ["a program that may not be executed", (folder) => Deno.chmod(join(folder, "cbc"), 0o600)],
  ["a folder that others can write", (folder) => Deno.chmod(folder, 0o777)],
  ["a file in the place of the folder", async (folder) => {
    await Deno.remove(folder, { recursive: true });
    await Deno.writeTextFile(folder, "");
  }],
  ["a link in the place of the program", async (folder) => {
    await Deno.rename(join(folder, "cbc"), join(folder, "moved"));
    await Deno.symlink(join(folder, "moved"), join(folder, "cbc"));
  }],
];
for (const [what, damage] of damages) {
  for (const when of ["at the next start", "while the agent runs"]) {
    Deno.test(`the unpacker repairs ${what} ${when}`, async () => {
      await using at = await place();
      const pack = await standInPack();
      const unpacker = new CbcUnpacker(pack);
      const [program = ""] = commandOf(await unpacker.unpack(at.state));
      const before = await at.modes();
      await damage(join(program, ".."));
      const next = when === "at the next start" ? new CbcUnpacker(pack) : unpacker;
      assert.deepEqual(commandOf(await next.unpack(at.state)), [program]);
      assert.equal(await Deno.readTextFile(program), STAND_IN);
      assert.deepEqual(await at.modes(), before);
    });
  }
}

Deno.test("the unpacker removes older versions and what was left behind, not what is under way", async () => {
  await using at = await place();
  const root = join(at.state, "solver");
  for (const name of ["cbc-older", ".unpack-left", ".unpack-future", ".unpack-now"]) {
    await Deno.mkdir(join(root, name), { recursive: true });
    await Deno.writeTextFile(join(root, name, "cbc"), "");
  }
  await Deno.utime(join(root, ".unpack-left"), 0, 0);
  // By a clock that was set back since.
  const tenHoursOn = Date.now() / 1000 + 36_000;
  await Deno.utime(join(root, ".unpack-future"), tenHoursOn, tenHoursOn);
  const [program = ""] = commandOf(await start(await standInPack(), at.state));
  assert.deepEqual(await at.list(), [".lock", ".unpack-now", program.split("/").at(-2)]);
});

Deno.test("agents that start at once with one state folder all get the program, also a damaged one", async () => {
  await using at = await place();
  const pack = await standInPack();
  for (let round = 0; round < 5; round++) {
    const results = await Promise.all(Array.from({ length: 8 }, () => start(pack, at.state)));
    const [program = ""] = commandOf(results[0]!);
    for (const result of results) assert.deepEqual(commandOf(result), [program]);
    assert.equal(await Deno.readTextFile(program), STAND_IN);
    assert.deepEqual(await at.list(), [".lock", program.split("/").at(-2)]);
    await Deno.writeTextFile(program, "damaged");
  }
});

Deno.test("the unpacker tries an unusable program again after ten minutes", async () => {
  await using at = await place();
  const pack = await standInPack("#!/bin/sh\nexit 3\n");
  let nowMs = 0;
  const unpacker = new CbcUnpacker(pack, () => nowMs);
  await Deno.mkdir(join(at.state, ".."), { recursive: true });
  await Deno.writeTextFile(at.state, "a file");
  for (const [atMs, reads] of [[0, 1], [599_000, 1], [600_000, 2]] as const) {
    nowMs = atMs;
    problemOf(await unpacker.unpack(at.state));
    assert.equal(pack.reads, reads, `${atMs} ms`);
  }
});

/** What cannot be used, and what the sentence says. */
const unusable: [what: string, pack: () => Promise<CbcPack>, problem: RegExp][] = [
  [
    "a program for another architecture",
    // The header of an ELF file for no machine at all.
    () => packOf({ cbc: Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...Array(57).fill(0)]) }),
    /^Cannot run the validators' solver in .*: .*or use the ih-miner built for this machine's architecture \(this/,
  ],
  [
    "a program without its libraries",
    () =>
      standInPack(
        "#!/bin/sh\necho 'cbc: error while loading shared libraries: libstdc++.so.6' >&2\nexit 127\n",
      ),
    /^Cannot run .*exit code 127 \("cbc: error while.*install the library it lacks, if any \(libstdc\+\+6\)/,
  ],
  [
    "another build",
    () => standInPack(STAND_IN.replace("2019", "2020")),
    /^Cannot run the validators' solver in .*: it is another build; build ih-miner again with --solver$/,
  ],
  [
    "an archive that differs from its list",
    async () => {
      const [listed, packed] = [await standInPack(), await standInPack("#!/bin/sh\n")];
      return { ...listed, readArchive: packed.readArchive };
    },
    /^Cannot unpack .*: what was written differs from what was packed; copy the ih-miner program to this host again/,
  ],
  [
    "a damaged archive",
    async () => ({
      ...await standInPack(),
      readArchive: () => Promise.resolve(new TextEncoder().encode("damaged")),
    }),
    /^Cannot unpack .*: Cannot read the archive: it is not gzipped, or damaged; copy the ih-miner program to this/,
  ],
];
for (const [what, pack, problem] of unusable) {
  Deno.test(`the unpacker says of ${what} what to do`, async () => {
    await using at = await place();
    assert.match(problemOf(await start(await pack(), at.state)), problem);
  });
}

Deno.test("the unpacker says of a state folder that cannot be made what to do", async () => {
  await using at = await place();
  await Deno.mkdir(join(at.state, ".."), { recursive: true });
  await Deno.writeTextFile(at.state, "a file");
  const problem = problemOf(await start(await standInPack(), at.state));
  assert.match(
    problem,
    /^Cannot unpack .*; make it a folder that this user can write, or set \[state\] directory/,
  );
});

/** A file system of its own at a folder; `null` where this user may not mount. */
async function mount(folder: string, options: string): Promise<AsyncDisposable | null> {
  await Deno.mkdir(folder, { recursive: true });
  const run = (program: string, args: string[]): Promise<boolean> =>
    new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()
      .then(({ success }) => success, () => false);
  if (!await run("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder])) return null;
  return {
    [Symbol.asyncDispose]: async () => {
      // Another test's child process holds every open file for a moment, until it starts its program.
      for (let i = 0; !await run("umount", [folder]); i++) {
        assert.ok(i < 100, `cannot unmount ${folder}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}

const probe = await Deno.makeTempDir();
const mounted = await mount(probe, "size=64k");
await mounted?.[Symbol.asyncDispose]();
await Deno.remove(probe);
const ignore = mounted === null;
const skipped = ignore ? " (skipped: this user may not mount file systems)" : "";

Deno.test({
  name:
    `the unpacker says of a noexec file system what to do, and uses it once it is mounted with exec${skipped}`,
  ignore,
  fn: async () => {
    await using at = await place();
    const pack = await standInPack();
    {
      await using _noexec = await mount(at.state, "noexec,size=1m");
      const problem = problemOf(await start(pack, at.state));
      assert.match(
        problem,
        /^Cannot run the validators' solver in .*noexec.*; mount it with exec, set \[state\]/,
      );
    }
    await using _exec = await mount(at.state, "exec,size=1m");
    commandOf(await start(pack, at.state));
  },
});

Deno.test({
  name: `the unpacker says of a full disk what to do, and leaves nothing on it${skipped}`,
  ignore,
  fn: async () => {
    await using at = await place();
    await using _full = await mount(at.state, "size=64k");
    const large = await packOf({ cbc: STAND_IN, large: "x".repeat(1_500_000) });
    const problem = problemOf(await start(large, at.state));
    assert.match(
      problem,
      /^Cannot unpack .*: the disk is full; make room for 2 MB there, or set \[state\] directory/,
    );
    assert.deepEqual(await at.list(), [".lock"]);
  },
});

Deno.test({
  name: `root unpacks for the owner of the state folder${
    Deno.uid() === 0 ? "" : " (skipped: this user is not root)"
  }`,
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await using at = await place();
    await Deno.mkdir(at.state, { recursive: true });
    await Deno.chown(at.state, 4321, 4322);
    const [program = ""] = commandOf(await start(await standInPack(), at.state));
    const licence = join(program, "../licences/cbc.txt");
    for (
      const path of [
        join(at.state, "solver"),
        join(at.state, "solver/.lock"),
        join(program, ".."),
        program,
        licence,
      ]
    ) {
      const { uid, gid } = await Deno.stat(path);
      assert.deepEqual([uid, gid], [4321, 4322], path);
    }
  },
});
