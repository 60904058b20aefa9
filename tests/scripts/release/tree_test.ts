import assert from "node:assert/strict";
import { join } from "node:path";
import { readTree, TreeError } from "../../../scripts/release/tree.ts";

async function checkout(): Promise<AsyncDisposable & { readonly root: string }> {
  const root = await Deno.makeTempDir();
  const git = async (...args: string[]): Promise<void> => {
    const { success, stderr } = await new Deno.Command("git", {
      args: ["-C", root, "-c", "commit.gpgsign=false", ...args],
      env: {
        GIT_AUTHOR_NAME: "An Author",
        GIT_AUTHOR_EMAIL: "author@example.org",
        GIT_COMMITTER_NAME: "t",
        GIT_COMMITTER_EMAIL: "t@example.org",
        GIT_COMMITTER_DATE: "2026-01-02T03:04:05Z",
        GIT_CONFIG_GLOBAL: "/dev/null",
      },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  };
  await git("init", "--quiet");
  await Deno.writeTextFile(join(root, ".gitignore"), "/dist/\n");
  await Deno.writeTextFile(join(root, "main.ts"), "");
  await git("add", ".");
  await git("commit", "--quiet", "-m", "x");
  return { root, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

Deno.test("readTree() reads the commit of a clean checkout", async () => {
  await using at = await checkout();
  await Deno.mkdir(join(at.root, "dist"));
  await Deno.writeTextFile(join(at.root, "dist", "ih-miner"), "ignored");
  assert.deepEqual(await readTree(at.root), {
    date: new Date("2026-01-02T03:04:05Z"),
    seconds: Date.parse("2026-01-02T03:04:05Z") / 1000,
    author: "An Author <author@example.org>",
    files: [".gitignore", "main.ts"],
  });
});

for (const [what, name] of [["a change", "main.ts"], ["a new file", "notes.txt"]] as const) {
  Deno.test(`readTree() refuses ${what}, and names it`, async () => {
    await using at = await checkout();
    await Deno.writeTextFile(join(at.root, name), "changed");
    await assert.rejects(() => readTree(at.root), (error) => {
      assert.ok(error instanceof TreeError);
      assert.match(error.message, new RegExp(`not clean; commit these files.*\\n  .*${name}`));
      return true;
    });
  });
}

Deno.test("readTree() refuses a folder outside git", async () => {
  const root = await Deno.makeTempDir();
  try {
    await assert.rejects(() => readTree(root), TreeError);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
