import assert from "node:assert/strict";
import { join } from "node:path";
import { accessOf, aclLine, ownerLine, tryFile, tryFolder } from "../../../src/operator/check/access.ts";

const user = { uid: 990, gid: 991 };

Deno.test("aclLine() and ownerLine() are lines a shell takes", () => {
  assert.equal(aclLine(user, "rw", "/etc/ihp/pools.toml"), "setfacl -m u:990:rw /etc/ihp/pools.toml");
  assert.equal(aclLine(user, "r", "/it's mine"), "setfacl -m u:990:r '/it'\\''s mine'");
  assert.equal(ownerLine(user, "/var/lib/x"), "chown 990:991 /var/lib/x");
});

Deno.test("tryFile() leaves content and times alone", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "pools.toml");
    await Deno.writeTextFile(path, "content");
    await Deno.utime(path, 5, 5);
    assert.deepEqual(await tryFile(path, true), { kind: "usable" });
    assert.equal(await Deno.readTextFile(path), "content");
    assert.equal((await Deno.stat(path)).mtime!.getTime(), 5000);
    assert.deepEqual(await tryFile(join(folder, "none"), true), { kind: "missing" });
    assert.equal((await tryFile(folder, false)).kind, "unusable");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tryFolder() tries the nearest folder there is, and leaves nothing in it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assert.deepEqual(await tryFolder(join(folder, "a/b")), { kind: "usable", at: folder });
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
    await Deno.writeTextFile(join(folder, "file"), "");
    assert.equal((await tryFolder(join(folder, "file"))).kind, "unusable");
    const { kind, at } = await tryFolder("/proc/nope");
    assert.notEqual(kind, "usable", "nobody makes files there");
    assert.equal(at, "/proc");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name:
    "tryFile() and tryFolder() tell a denied right from anything else (skipped as root, who may do everything)",
  ignore: Deno.uid() === 0,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = join(folder, "file");
      await Deno.writeTextFile(path, "", { mode: 0o400 });
      assert.deepEqual(await tryFile(path, true), { kind: "denied", need: "rw" });
      await Deno.chmod(folder, 0o500);
      assert.deepEqual(await tryFolder(folder), { kind: "denied", need: "rwx", at: folder });
      await Deno.chmod(folder, 0o700);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Runs a program; `false`: it failed, or there is none. */
async function runs(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

Deno.test("tryFile() does not take an immutable file for one that wants a right", async (t) => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "pools.toml");
  try {
    await Deno.writeTextFile(path, "");
    const isProtected = await runs("chattr", "+i", path);
    await t.step({
      name: "with chattr (skipped where it may not be used)",
      ignore: !isProtected,
      fn: async () => {
        const access = await tryFile(path, true);
        assert.match(access.kind === "unusable" ? access.reason : access.kind, /protected .* chattr -i/);
        assert.deepEqual(await tryFile(path, false), { kind: "usable" });
      },
    });
  } finally {
    await runs("chattr", "-i", path);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("accessOf() tells a refusal of the disk from a right that is missing", () => {
  const errors = [
    ["EACCES", new Deno.errors.PermissionDenied("no"), /^denied$/],
    ["EPERM", new Deno.errors.PermissionDenied("no"), /^it is protected against changes/],
    ["EROFS", new Error("no"), /^its file system is mounted read-only/],
    ["EIO", new Error("the disk is broken"), /^the disk is broken$/],
  ] as const;
  for (const [code, error, expected] of errors) {
    const access = accessOf(Object.assign(error, { code }), "rw");
    assert.match(access.kind === "unusable" ? access.reason : access.kind, expected, code);
  }
});
