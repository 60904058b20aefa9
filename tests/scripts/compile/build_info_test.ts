import assert from "node:assert/strict";
import { join } from "node:path";
import { readBuildInfo } from "../../../scripts/compile/build_info.ts";
import { describeVersion, VERSION } from "../../../src/version.ts";

async function git(cwd: string, ...args: string[]): Promise<void> {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
  const { success, stderr } = await new Deno.Command("git", {
    args: ["-C", cwd, ...identity, ...args],
    env: { GIT_COMMITTER_DATE: "2026-01-02T03:04:05Z", GIT_CONFIG_GLOBAL: "/dev/null" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

Deno.test("readBuildInfo() names the commit and its date, and marks a modified tree", async () => {
  const root = await Deno.makeTempDir();
  try {
    assert.deepEqual(await readBuildInfo(root), { commit: null, commitDate: null });
    await git(root, "init", "--quiet");
    assert.deepEqual(await readBuildInfo(root), { commit: null, commitDate: null });
    await Deno.writeTextFile(join(root, "main.ts"), "");
    await git(root, "add", "main.ts");
    await git(root, "commit", "--quiet", "-m", "x");
    const clean = await readBuildInfo(root);
    assert.match(clean.commit!, /^[0-9a-f]{12}$/);
    assert.equal(clean.commitDate, "2026-01-02");
    await Deno.writeTextFile(join(root, "notes.txt"), "not part of the program");
    assert.deepEqual(await readBuildInfo(root), clean);
    await Deno.writeTextFile(join(root, "main.ts"), "changed");
    assert.equal((await readBuildInfo(root)).commit, `${clean.commit}-modified`);
    await Deno.mkdir(join(root, "unpacked"));
    assert.equal((await readBuildInfo(join(root, "unpacked"))).commit, null);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("describeVersion() shows the version and what is known of the build", () => {
  assert.equal(describeVersion(), `${VERSION} (from source)`);
  assert.equal(describeVersion({ commit: null, commitDate: null }), `${VERSION} (built outside git)`);
  assert.equal(
    describeVersion({ commit: "0123456789ab", commitDate: "2026-01-02" }),
    `${VERSION} (commit 0123456789ab of 2026-01-02)`,
  );
  const solver = { name: "CBC 2.10.3 of Dec 15 2019", files: [] };
  assert.equal(
    describeVersion({ commit: "0123456789ab", commitDate: "2026-01-02", solver }),
    `${VERSION} (commit 0123456789ab of 2026-01-02) with the validators' CBC 2.10.3 of Dec 15 2019`,
  );
});
