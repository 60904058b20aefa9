/**
 * Makes a trial release in two clones of this checkout's commit, at different paths and moments: all files must have the
 * same bytes. Then looks at what is in them, and runs the program in an empty environment. `deno task test:release` runs it;
 * it needs a runtime base and dpkg-deb.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSection } from "../../scripts/release/changelog.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const missing = Deno.env.get("IH_MINER_TEST_RELEASE") === undefined
  ? "run deno task test:release"
  : await isMissing("dpkg-deb")
  ? "no dpkg-deb here"
  : null;
const ignore = missing !== null;
const reason = ignore ? ` (skipped: ${missing})` : "";
const TARGET = `${Deno.build.arch}-unknown-linux-gnu`;

async function isMissing(tool: string): Promise<boolean> {
  try {
    return !(await new Deno.Command(tool, { args: ["--version"], stdout: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

/** Below `/usr/local/share`. */
const SHELL_FILES = [
  "man/man1/ih-miner.1",
  "bash-completion/completions/ih-miner",
  "zsh/site-functions/_ih-miner",
  "fish/vendor_completions.d/ih-miner.fish",
];

interface Output {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(program: string, args: string[], options: Deno.CommandOptions = {}): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(program, { ...options, args }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

async function expectRun(program: string, args: string[], options?: Deno.CommandOptions): Promise<string> {
  const { code, out, err } = await run(program, args, options);
  assert.equal(code, 0, err);
  return out;
}

/** Makes a trial release in a new clone. Returns its exit code and what it says on stderr. */
async function release(clone: string, ...args: string[]): Promise<Output> {
  return await run(
    Deno.execPath(),
    ["run", "-A", "--frozen", join(clone, "scripts", "release.ts"), ...args],
    {
      cwd: clone,
    },
  );
}

async function filesIn(folder: string): Promise<Map<string, Uint8Array>> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return new Map(
    await Promise.all(
      names.sort().map(async (name) => [name, await Deno.readFile(join(folder, name))] as const),
    ),
  );
}

Deno.test({
  name:
    `deno task release makes the same bytes of the same commit, with all that belongs to a release${reason}`,
  ignore,
  fn: async (t) => {
    const folder = await Deno.makeTempDir();
    const [first, second] = [join(folder, "first"), join(folder, "somewhere", "else")] as const;
    const made = join(folder, "made");
    try {
      for (const clone of [first, second]) await expectRun("git", ["clone", "--quiet", ROOT, clone]);

      await t.step("a tree with changes is refused, and one without a dated section", async () => {
        const { version } = JSON.parse(await Deno.readTextFile(join(first, "deno.json")));
        const { date } = readSection(await Deno.readTextFile(join(first, "CHANGELOG.md")), version);
        if (date === null) {
          const { code, err } = await release(first, "--target", TARGET);
          assert.equal(code, 1);
          assert.match(err, /is unreleased; give its section a date/);
        }
        await Deno.writeTextFile(join(first, "notes.txt"), "");
        const { code, err } = await release(first, "--unreleased", "--target", TARGET);
        assert.equal(code, 1);
        assert.match(err, /not clean[^]*notes\.txt/);
        await Deno.remove(join(first, "notes.txt"));
      });

      await t.step("the same commit gives the same bytes", async () => {
        const options = ["--unreleased", "--target", TARGET];
        const done = await release(first, ...options, "--output", made);
        assert.equal(done.code, 0, done.err);
        const again = await release(second, ...options);
        assert.equal(again.code, 0, again.err);
        const [one, other] = [await filesIn(made), await filesIn(join(second, "dist", "release"))];
        assert.deepEqual([...one.keys()], [...other.keys()]);
        for (const [name, bytes] of one) assert.ok(Buffer.compare(bytes, other.get(name)!) === 0, name);
      });

      await t.step("the list of hashes holds, and names every file", async () => {
        await expectRun("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: made });
        const listed = (await Deno.readTextFile(join(made, "SHA256SUMS"))).trim().split("\n")
          .map((line) => line.slice(66));
        assert.deepEqual([...listed, "SHA256SUMS"].sort(), [...(await filesIn(made)).keys()].sort());
        assert.deepEqual(
          listed.map((name) => name.replace(/[_-]0?\d+\.\d+\.\d+~\d+/, "")).sort(),
          ["ih-miner-x86_64.tar.gz", "ih-miner.cdx.json", "ih-miner_amd64.deb", "release-notes.md"],
        );
      });

      await t.step(
        "the archive's program runs in an empty environment, and install.sh installs it",
        async () => {
          const archive = [...(await filesIn(made)).keys()].find((name) => name.endsWith(".tar.gz"))!;
          await expectRun("tar", ["-xzf", join(made, archive), "-C", folder]);
          const unpacked = join(folder, archive.replace(/\.tar\.gz$/, ""));
          const empty = join(folder, "empty");
          await Deno.mkdir(empty);
          const alone = join(empty, "ih-miner");
          await Deno.rename(join(unpacked, "ih-miner"), alone);
          const version = await expectRun(alone, ["--version"], { clearEnv: true, cwd: empty });
          assert.match(version, /^ih-miner \d+\.\d+\.\d+ \(commit [0-9a-f]{12} of /);
          await Deno.rename(alone, join(unpacked, "ih-miner"));
          const root = join(folder, "root");
          const settings = ["--sizes", "0.45x1", "--proxy", "none", "--root", root];
          await expectRun("sh", [
            join(unpacked, "scripts", "install.sh"),
            join(unpacked, "ih-miner"),
            ...settings,
          ], {
            stdin: "null",
          });
          assert.equal(await expectRun(join(root, "usr/local/bin/ih-miner"), ["--version"]), version);
          const share = join(root, "usr", "local", "share");
          const installed = await Promise.all(
            SHELL_FILES.map((name) => Deno.readTextFile(join(share, name))),
          );
          assert.match(installed[0]!, /^\.TH IH/);
          assert.equal(installed[1], await expectRun(join(unpacked, "ih-miner"), ["completions", "bash"]));
          await expectRun("sh", [join(unpacked, "scripts", "install.sh"), "--uninstall", "--root", root]);
          for (const name of SHELL_FILES) {
            await assert.rejects(() => Deno.stat(join(share, name)), Deno.errors.NotFound);
          }
        },
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
