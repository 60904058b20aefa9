import assert from "node:assert/strict";
import { SettingsSource } from "../../src/agent/settings.ts";
import { replaceRouting, setUpRig } from "../../scripts/scene/rig.ts";
import { LogRecorder } from "../support/log_recorder.ts";

Deno.test("SettingsSource.read() logs a changed share and timeout of the ASICs", async () => {
  const rig = await setUpRig({ chainUrl: "ws://127.0.0.1:1" });
  const text = await Deno.readTextFile(rig.configPath);
  const log = new LogRecorder();
  const source = new SettingsSource({
    configPath: rig.configPath,
    environment: { HOME: rig.folder },
    addressOf: () => Promise.resolve(rig.hotkey),
    claim: () => Promise.resolve(),
  });
  const changeTo = async (keys: string): Promise<unknown> => {
    const miner = 'address = "192.0.2.1"\nname = "one"\nhashrate = "0.1"\nsubnet_pool = 0\nfallback_pool = 1';
    await Deno.writeTextFile(rig.configPath, text);
    await replaceRouting(rig, `[routing]\n[asic]\n${keys}\n[[asic.miners]]\n${miner}\n`);
    await source.read(log);
    return log.fieldsOf("Configuration changed")?.routing;
  };
  const asic = "ASIC one: 0.1 PH/s, pool 0 or 1";
  assert.equal(await changeTo("share = 0.5"), undefined);
  assert.deepEqual(await changeTo("share = 0.4"), {
    old: ["ASICs: share 0.5, 5 s for an answer", asic],
    new: ["ASICs: share 0.4, 5 s for an answer", asic],
  });
  assert.deepEqual(await changeTo('share = 0.4\ntimeout = "7s"'), {
    old: ["ASICs: share 0.4, 5 s for an answer", asic],
    new: ["ASICs: share 0.4, 7 s for an answer", asic],
  });
  await Deno.remove(rig.folder, { recursive: true });
});

Deno.test("SettingsSource.read() logs that the bid is withdrawn", async () => {
  const rig = await setUpRig({ chainUrl: "ws://127.0.0.1:1" });
  const text = await Deno.readTextFile(rig.configPath);
  const log = new LogRecorder();
  const source = new SettingsSource({
    configPath: rig.configPath,
    environment: { HOME: rig.folder },
    addressOf: () => Promise.resolve(rig.hotkey),
    claim: () => Promise.resolve(),
  });
  await source.read(log);
  await Deno.writeTextFile(rig.configPath, text.replace("[workers]", "[workers]\nenabled = false"));
  await source.read(log);
  assert.deepEqual(log.fieldsOf("Configuration changed")?.workers, {
    old: "2;b;BTC,1.02=0.25:3,0.45:2",
    new: "withdrawn, nothing is offered: [workers] enabled = false",
  });
  await Deno.remove(rig.folder, { recursive: true });
});
