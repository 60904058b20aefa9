import assert from "node:assert/strict";
import { InstanceLockedError, lockInstance } from "../../src/agent/instance_lock.ts";

const identity = {
  network: "finney",
  netuid: 89,
  hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
};

/** Another process that takes the lock, says so, and waits to be killed. */
async function holderProcess(directory: string): Promise<{ pid: number; kill(): Promise<void> }> {
  const module = new URL("../../src/agent/instance_lock.ts", import.meta.url).href;
  const script = `
    import { lockInstance } from ${JSON.stringify(module)};
    globalThis.lock = await lockInstance(${JSON.stringify(directory)}, ${JSON.stringify(identity)});
    console.log("held");
    setTimeout(() => {}, 60_000);
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", script],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  return {
    pid: child.pid,
    kill: async () => {
      child.kill("SIGKILL");
      await child.stdout.cancel();
      await child.status;
    },
  };
}

Deno.test("lockInstance() refuses while another process holds it, names that one, and is free after SIGKILL", async () => {
  const directory = await Deno.makeTempDir();
  const holder = await holderProcess(directory);
  await assert.rejects(lockInstance(directory, identity), (error) => {
    assert.ok(error instanceof InstanceLockedError);
    assert.equal(error.holder, `pid ${holder.pid}`);
    return true;
  });
  using other = await lockInstance(directory, { ...identity, netuid: 12 });
  assert.ok(other.path.startsWith(directory));

  await holder.kill();
  using lock = await lockInstance(directory, identity);
  assert.equal((await Deno.readTextFile(lock.path)).trim(), `pid ${Deno.pid}`);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("lockInstance() leaves nothing behind except a folder that it did not create or that is not empty", async () => {
  const parent = await Deno.makeTempDir();
  const directory = `${parent}/state`;
  (await lockInstance(directory, identity))[Symbol.dispose]();
  assert.deepEqual([...Deno.readDirSync(parent)], []);

  const lock = await lockInstance(directory, identity);
  await Deno.writeTextFile(`${directory}/journal`, "");
  lock[Symbol.dispose]();
  assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["journal"]);
  await Deno.remove(parent, { recursive: true });
});

Deno.test("lockInstance() lets one of many in at a time, while they come and go", async () => {
  const directory = await Deno.makeTempDir();
  let inside = 0;
  let entries = 0;
  const visit = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      try {
        using _lock = await lockInstance(directory, identity);
        entries++;
        assert.equal(++inside, 1);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside--;
      } catch (error) {
        assert.ok(error instanceof InstanceLockedError);
      }
    }
  };
  await Promise.all(Array.from({ length: 6 }, visit));
  assert.ok(entries > 0);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("lockInstance() writes through no link to another file, and makes none where it leads nowhere", async () => {
  const directory = await Deno.makeTempDir();
  const { path, ...lock } = await lockInstance(directory, identity);
  lock[Symbol.dispose]();
  const other = `${directory}/other`;
  await Deno.symlink(other, path);
  await assert.rejects(lockInstance(directory, identity), /\.lock: it is a symbolic link/);
  await assert.rejects(Deno.stat(other), Deno.errors.NotFound);
  await Deno.writeTextFile(other, "kept");
  await assert.rejects(lockInstance(directory, identity), /\.lock: it is a symbolic link/);
  assert.equal(await Deno.readTextFile(other), "kept");
  await Deno.remove(directory, { recursive: true });
});
