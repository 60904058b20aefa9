/**
 * Runs the agent with a stand-in proxy and a sidecar. After each window the proxy must have loaded the target that the
 * independent computation of the auction gives.
 *
 * @module
 */

import { join } from "node:path";
import { SUBNET_ACCOUNT } from "../../src/auction/protocol/constants.ts";
import { say, sayTitle } from "../command_line.ts";
import { replaceRouting, type Rig } from "../scene/rig.ts";
import { type LineProcess, waitFor } from "./processes.ts";
import { describeDraw, explainFailure, PATIENCE_MS, Stage, type StageOptions } from "./stage.ts";
import { type Mode, startStandIn } from "./stand_in.ts";

/** Plays windows with one proxy. */
export async function playProxy(mode: Mode, windows: number, options: StageOptions): Promise<void> {
  sayTitle(mode);
  await using stage = await Stage.open(options);
  const { rig } = stage;
  await using proxy = await startStandIn({
    mode,
    path: mode === "ihp" ? rig.poolsPath : await useBraiins(rig),
    sentinelPath: join(rig.folder, "proxy", mode === "ihp" ? ".reload-ihp" : ".reconfigure"),
  });
  await stage.startAgent();
  for (let count = 0; count < windows; count++) {
    await explainFailure(stage, () => playWindow(mode, stage, proxy));
  }
  await stage.stopAgent();
}

async function playWindow(mode: Mode, stage: Stage, proxy: LineProcess): Promise<void> {
  const draw = await stage.drawWindow();
  const { window, won, offered } = draw;
  const expected = mode === "ihp" ? `${won / 1000}TH/s` : String(Math.round(2 ** 32 * won / offered));
  const reloadsBefore = proxy.lines.length;
  const loadedBefore = proxy.lines.at(-1)!["loaded"];
  const announcedMs = performance.now();
  await stage.beginWindow(draw);
  // If the target is the same as before, the proxy need not reload.
  const isNew = expected !== loadedBefore;
  await waitFor(
    `the proxy's reload with ${expected} (it has ${proxy.lines.at(-1)!["loaded"]})`,
    () => !isNew || proxy.lines.length > reloadsBefore,
    PATIENCE_MS,
  );
  const delayMs = performance.now() - announcedMs;
  const loaded = proxy.lines.at(-1)!["loaded"];
  const news = isNew ? `after ${delayMs.toFixed(0)} ms` : "still";
  say(`${describeDraw(draw)}   proxy has ${loaded} ${news}`);
  if (loaded !== expected) {
    throw new Error(`window ${window.firstBlock}: the proxy has ${loaded}, not ${expected}`);
  }
}

/** Makes the rig route to Braiins Farm Proxy. Returns the path of the proxy's file. */
async function useBraiins(rig: Rig): Promise<string> {
  const path = join(rig.folder, "proxy", "active_profile.toml");
  await Deno.writeTextFile(
    path,
    `# The profile of Braiins Farm Proxy.
[[routing]]
name = "RD"

[[target]]
name = "subnet"
url = "stratum+tcp://subnet.example.org:9332"
user_identity = "${SUBNET_ACCOUNT}.${rig.hotkey}.worker1"

[[routing.goal]]
name = "InfiniteHashLuxorGoal"
hr_weight = 0

[[routing.goal.level]]
targets = ["subnet"]

[[routing.goal]]
name = "MinerDefaultGoal"
hr_weight = 4294967296
`,
  );
  await replaceRouting(rig, `[routing]\nmode = "braiins"\nprofile_path = ${JSON.stringify(path)}\n`);
  return path;
}
