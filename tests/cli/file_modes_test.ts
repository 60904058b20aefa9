import assert from "node:assert/strict";
import { join } from "node:path";
import { runAgent } from "../../scripts/scene/rig.ts";
import { Agent } from "../support/agent.ts";
import { holdUmask } from "../support/shared_process.ts";
import { beginNextWindow, setScene } from "../support/scene.ts";

Deno.test("whatever the agent writes under umask 000, nobody else may write to", async () => {
  const usual = await holdUmask(0o022);
  await using stage = await setScene();
  usual[Symbol.dispose]();
  const { rig, simulator } = stage;
  await runAgent(rig, ["--once", "commitment"]);
  beginNextWindow(simulator);
  let agent: Agent;
  {
    using _open = await holdUmask(0);
    const saved = join(rig.folder, "window.json");
    assert.equal((await runAgent(rig, ["--once", "auction", "--save-snapshot", saved])).exitCode, 0);
    agent = new Agent(rig.configPath);
  }
  const names = (): string[] => [...filesIn(rig.folder)].map(([path]) => path.slice(rig.folder.length));
  const isThere = (pattern: RegExp): boolean => names().some((name) => pattern.test(name));
  const written = [/^\/window\.json$/, /^\/proxy\/\.reload-ihp$/, /\.lock$/, /snapshots\/.*\.json\.gz$/];
  await agent.seen("Auction results computed");
  for (let i = 0; i < 200 && !written.every(isThere); i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.deepEqual(written.filter((pattern) => !isThere(pattern)), [], names().join("\n"));
  const open = [...filesIn(rig.folder)].filter(([, mode]) => (mode & 0o022) !== 0);
  await agent.stop();
  assert.deepEqual(open, []);
});

/** Path and mode of everything in a folder, itself included. */
function* filesIn(path: string): Generator<[path: string, mode: number]> {
  let status: Deno.FileInfo;
  try {
    status = Deno.lstatSync(path);
  } catch {
    // A file of a moment.
    return;
  }
  yield [path, status.mode! & 0o777];
  if (!status.isDirectory) return;
  for (const { name } of Deno.readDirSync(path)) yield* filesIn(join(path, name));
}
