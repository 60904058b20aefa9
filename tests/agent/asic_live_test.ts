import assert from "node:assert/strict";
import { waitFor } from "../../scripts/e2e/processes.ts";
import { realParts, runDaemon } from "../../src/agent/daemon.ts";
import type { MinerFault } from "../../src/simulator/asic/mod.ts";
import { FastScheduler } from "../../scripts/scene/fast_scheduler.ts";
import { runLive } from "../../scripts/scene/live_run.ts";
import { leastCoverTh, type Machine, Machines, sumTh } from "../../scripts/scene/machines.ts";
import { replaceRouting } from "../../scripts/scene/rig.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { beginNextWindow, setScene } from "../support/scene.ts";

const PATIENCE_MS = 15_000;

Deno.test("runDaemon() switches the machines to the subnet that cover what was won with the least surplus, and replaces dead ones", async () => {
  await using machines = new Machines([104, 110, 118, 140, 151, 200, 205, 234, 251, 270, 335]);
  const log = new LogRecorder();
  let dead: Machine | undefined;
  let count = 0;
  const windows = await runLive({
    windows: 6,
    blockTimeMs: 15,
    minuteMs: 500,
    patient: true,
    machines,
    log,
    onWindow: async ({ outcome }) => {
      // The bid counts from the second or third window on.
      if (outcome.own.wonHashratePh === 0) return;
      count++;
      if (count === 1) {
        dead = machines.atSubnet.at(-1)!;
        await seeReplaced(machines, dead, Math.round(outcome.own.wonHashratePh * 1000));
      } else if (count === 2) {
        // It was found dead in this window, too.
        machines.plug(dead!);
      }
    },
  });

  const firstBlocks = windows.map(({ window }) => window.firstBlock);
  for (const [i, { window }] of windows.slice(0, -1).entries()) {
    assert.equal(firstBlocks[i + 1], window.lastBlock + 1);
  }
  for (const { routed, expected } of windows) assert.equal(routed, expected);
  assert.ok(
    new Set(windows.map(({ routed }) => routed)).size > 1,
    "the budgets are made to change what is won",
  );
  assert.deepEqual(log.events("error"), []);
  const complaints = log.lines.filter(({ event }) => event === "ASIC does not do its part");
  assert.deepEqual([...new Set(complaints.map(({ fields }) => fields["name"]))], [dead!.name]);
  assert.equal(complaints[0]!.level, "warning");
  assert.ok(log.events("info").includes("ASIC does its part again"));
});

const HANGING: readonly [what: string, fault: MinerFault, command: string][] = [
  ["does not answer", { kind: "mute" }, ""],
  ["is waited for, because it says that it switches and does not", { kind: "liar" }, "switchpool"],
];
for (const [what, fault, command] of HANGING) {
  Deno.test(`runDaemon() stops at once while a machine ${what}`, async () => {
    await using stage = await setScene();
    await using machines = new Machines([450, 450, 450, 450]);
    const { rig, simulator } = stage;
    const text = "2;b;BTC,1.02=0.25:3,0.45:2";
    simulator.chain.setCommitment({
      netuid: 89,
      hotkey: rig.hotkey,
      data: text,
      block: simulator.chain.head.number,
    });
    beginNextWindow(simulator);
    await replaceRouting(rig, machines.configText);
    const { server } = machines.all[0]!;
    server.miner.fault = fault;
    const stop = new AbortController();
    const daemon = runDaemon(
      {
        configPath: rig.configPath,
        environment: { HOME: rig.folder },
        log: new LogRecorder(),
        signal: stop.signal,
      },
      { ...realParts(), scheduler: new FastScheduler(60_000), jitterMs: () => 0, staggerMs: 0 },
    );
    const isAsked = (): boolean =>
      server.acceptedCount > 0 &&
      (command === "" || server.miner.commands.some((asked) => asked.startsWith(command)));
    await waitFor("the question to the machine", isAsked, PATIENCE_MS);
    const startMs = performance.now();
    stop.abort();
    await daemon;
    const seconds = (performance.now() - startMs) / 1000;
    assert.ok(seconds < 3, `${seconds} s`);
  });
}

/** Pulls the plug in the middle of a window: those that are there stay, and the best of the others come. */
async function seeReplaced(machines: Machines, dead: Machine, wonTh: number): Promise<void> {
  await machines.unplug(dead);
  const present = machines.atSubnet;
  const absent = machines.sound.filter((machine) => !present.includes(machine));
  const expectedTh = sumTh(present) + leastCoverTh(absent, wonTh - sumTh(present));
  await waitFor(`others for ${dead.name}`, () => sumTh(machines.atSubnet) >= wonTh, PATIENCE_MS);
  assert.equal(sumTh(machines.atSubnet), expectedTh);
  for (const machine of present) assert.ok(machines.atSubnet.includes(machine), `${machine.name} stays`);
}
