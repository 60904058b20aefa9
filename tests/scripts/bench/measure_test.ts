import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measureRun } from "../../../scripts/bench/measure.ts";
import { setBenchScene } from "../../../scripts/bench/scene.ts";
import { STAGES } from "../../../scripts/bench/stages.ts";
import { Runtime } from "../../../src/simulator/mod.ts";

const MAIN = fileURLToPath(new URL("../../../main.ts", import.meta.url));
const hasTime = await Deno.stat("/usr/bin/time").then(() => true, () => false);
// deno-lint-ignore no-console -- whoever runs the tests must see it
if (!hasTime) console.log("skipped: measureRun, GNU time is not here");

Deno.test({
  name: "measureRun: the program from source, with what it asked and how long each stage took",
  ignore: !hasTime,
  fn: async () => {
    await using scene = await setBenchScene(16, Runtime.builtin());
    const program = join(scene.rig.folder, "program.sh");
    const deno = `DENO_DIR=${
      Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME")!, ".cache/deno")
    } ${Deno.execPath()}`;
    await Deno.writeTextFile(program, `#!/bin/sh\n${deno} run --quiet -A ${MAIN} "$@"\n`, { mode: 0o755 });
    const figures = await measureRun(program, scene);
    const { stages, wallMs, requests } = figures;
    assert.ok(requests >= 5 && requests <= 40, `${requests} requests`);
    assert.ok(figures.receivedKb > 50, `${figures.receivedKb} kB`);
    assert.ok(figures.cpuMs > 100 && figures.peakMb > 50);
    const sumMs = STAGES.reduce((sum, stage) => sum + stages[stage], 0);
    assert.ok(Math.abs(sumMs - wallMs) < 1, `${sumMs} of ${wallMs} ms`);
    for (const stage of STAGES) assert.ok(stages[stage] > -5, `${stage} took ${stages[stage]} ms`);
    assert.match(await Deno.readTextFile(scene.rig.poolsPath), /target_hashrate = "[1-9]/);

    await scene.forget();
    assert.match(await Deno.readTextFile(scene.rig.poolsPath), /target_hashrate = "0TH\/s"/);
    await assert.rejects(Deno.stat(join(scene.rig.folder, "state")), Deno.errors.NotFound);
  },
});
