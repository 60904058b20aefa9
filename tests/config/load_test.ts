import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigError } from "../../src/config/errors.ts";
import type { Environment } from "../../src/config/environment.ts";
import {
  type Config,
  loadConfig,
  MAX_CONFIG_BYTES,
  osConfigFiles,
  requireWorkers,
} from "../../src/config/load.ts";
import { locateConfig } from "../../src/config/locate.ts";

const GOOD = `
[bittensor]
network = "finney"
netuid = 89

[wallet]
name = "default"
hotkey_name = "rig"
directory = "~/.bittensor/wallets"

[workers]
price_multiplier = "1.0"
hashrates = ["0.1", "0.2"]
`;

function load(text: string, environment: Environment = { HOME: "/home/op" }): Promise<Config> {
  const readTextFile = (): Promise<string> => Promise.resolve(text);
  return loadConfig("/etc/c.toml", environment, { readTextFile, exists: () => false });
}

/** The message of the error that a configuration causes. */
async function refusal(text: string): Promise<string> {
  try {
    await load(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  throw new Error("accepted");
}

Deno.test("loadConfig() reads a file of the Python original unchanged", async () => {
  const config = await load(GOOD);
  assert.equal(config.hotkeyPath, "/home/op/.bittensor/wallets/default/hotkeys/rig");
  assert.deepEqual(config.endpoints, ["wss://entrypoint-finney.opentensor.ai:443"]);
  assert.equal(config.routing.kind, "off");
  assert.equal(config.onAmbiguous, "deliver-safe");
  assert.deepEqual(config.solver, { engine: "auto", cbcCommand: null, cbcTimeLimitSeconds: 480 });
  assert.equal(config.stateDirectory, "/home/op/.local/state/ih-miner");
  assert.equal(requireWorkers(config).commitment.text, "2;b;BTC,1=0.1:1,0.2:1");
});

Deno.test("loadConfig() rejects a file that is not UTF-8", async () => {
  const path = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeFile(path, Uint8Array.from([...new TextEncoder().encode(GOOD), 0x23, 0xe9, 0x0a]));
    await assert.rejects(loadConfig(path, {}), { name: "ConfigError", message: /cannot be read: .*UTF-8/ });
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("loadConfig() reads no file of more than MAX_CONFIG_BYTES", async () => {
  const path = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeTextFile(path, GOOD.padEnd(MAX_CONFIG_BYTES));
    await loadConfig(path, { HOME: "/home/op" });
    await Deno.writeTextFile(path, GOOD.padEnd(MAX_CONFIG_BYTES + 1));
    await assert.rejects(loadConfig(path, {}), /cannot be read: it is larger than 1048576 bytes/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("loadConfig() reports the line and column of a TOML mistake", async () => {
  assert.match(
    await refusal(GOOD.replace("netuid = 89", "netuid = = 89")),
    /^\/etc\/c\.toml: line 4, column \d+: /,
  );
});

Deno.test("loadConfig() names the file and the section when the wallet's names lead nowhere", async () => {
  const mistake = await refusal(GOOD.replace('name = "default"', 'name = ".."'));
  assert.match(
    mistake,
    /^\/etc\/c\.toml: \[wallet\]: Cannot locate the hotkey: the wallet name is "\.\."; give /,
  );
  await assert.rejects(load(GOOD, {}), { name: "ConfigError", message: /HOME is not set/ });
});

Deno.test("loadConfig() names an unknown network", async () => {
  assert.match(await refusal(GOOD.replace('"finney"', '"finey"')), /\[bittensor\] network: .*finey/);
});

Deno.test("loadConfig() returns a mistake in [workers] and requireWorkers() throws it", async () => {
  for (const text of [GOOD.replace('"1.0"', '"2.0"'), GOOD.slice(0, GOOD.indexOf("[workers]"))]) {
    const config = await load(text);
    assert.throws(() => requireWorkers(config), ConfigError);
    assert.equal(config.netuid, 89);
  }
});

Deno.test("loadConfig() takes the state folder from [state], systemd or the home folder", async () => {
  const environment = { HOME: "/home/op", STATE_DIRECTORY: "/var/lib/ih-miner:/var/lib/other" };
  assert.equal((await load(GOOD, environment)).stateDirectory, "/var/lib/ih-miner");
  assert.equal((await load(`${GOOD}[state]\ndirectory = "~/s"`, environment)).stateDirectory, "/home/op/s");
});

Deno.test("loadConfig() reads durations", async () => {
  assert.deepEqual((await load(GOOD)).staleness, { afterSeconds: 1440, policy: "keep" });
  for (
    const [text, afterSeconds] of [["3 windows", 2160], ["90s", 90], ["24m", 1440], ["2h", 7200]] as const
  ) {
    const { staleness } = await load(`${GOOD}[routing]\nstale_after = "${text}"\non_stale = "release"`);
    assert.deepEqual(staleness, { afterSeconds, policy: "release" });
  }
});

Deno.test("loadConfig() finds cbc at its configured path or on the PATH", async () => {
  const folder = await Deno.makeTempDir();
  const cbc = join(folder, "cbc");
  await Deno.writeTextFile(cbc, "", { mode: 0o755 });
  const environment = { HOME: folder, PATH: `/nowhere:${folder}` };
  assert.deepEqual((await load(GOOD, environment)).solver, {
    engine: "auto",
    cbcCommand: [cbc],
    cbcTimeLimitSeconds: 480,
  });
  assert.deepEqual((await load(`${GOOD}[solver]\ncbc = "~/cbc"`, { HOME: folder })).solver.cbcCommand, [cbc]);
  const runner = `${GOOD}[solver]\nengine = "cbc"\ncbc = ["cbc", "-L", "~/root", "/opt/cbc"]`;
  assert.deepEqual((await load(runner, environment)).solver, {
    engine: "cbc",
    cbcCommand: [cbc, "-L", `${folder}/root`, "/opt/cbc"],
    cbcTimeLimitSeconds: 480,
  });
  assert.equal((await load(`${GOOD}[solver]\nengine = "glpk"`, environment)).solver.cbcCommand, null);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("loadConfig() keeps a configured cbc that is missing, so that the result can report it", async () => {
  assert.deepEqual((await load(`${GOOD}[solver]\ncbc = "/opt/nowhere/cbc"`)).solver.cbcCommand, [
    "/opt/nowhere/cbc",
  ]);
});

Deno.test("loadConfig() reports an unreadable file as a configuration error", async () => {
  await assert.rejects(
    loadConfig("/nowhere/c.toml", {}, { readTextFile: Deno.readTextFile, exists: () => true }),
    (error) => error instanceof ConfigError && /\/nowhere\/c\.toml: cannot be read/.test(error.message),
  );
});

Deno.test("locateConfig() tries the argument, the environment, the working directory and /etc in turn", () => {
  const all = (): boolean => true;
  assert.equal(locateConfig("a.toml", { IH_MINER_CONFIG: "b.toml" }, all), "a.toml");
  assert.equal(locateConfig(undefined, { IH_MINER_CONFIG: "b.toml" }, all), "b.toml");
  assert.equal(locateConfig(undefined, {}, all), "./config.toml");
  assert.equal(locateConfig(undefined, {}, (path) => path.startsWith("/etc")), "/etc/ih-miner/config.toml");
  assert.throws(() => locateConfig(undefined, {}, () => false), /neither .\/config.toml nor \/etc\/ih-miner/);
  assert.throws(() => locateConfig("a.toml", {}, () => false), /a\.toml: there is no such file/);
  assert.throws(
    () => locateConfig(undefined, { IH_MINER_CONFIG: "b" }, () => false),
    /b: \$IH_MINER_CONFIG: there is no/,
  );
});

Deno.test("a file that cannot be looked at counts as existing, unless the caller says otherwise", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-config-" });
  try {
    // A loop fails for every user, as a folder does that this user may not enter.
    const path = join(folder, "loop");
    await Deno.symlink(path, path);
    assert.deepEqual([osConfigFiles.exists(path), osConfigFiles.exists(path, false)], [true, false]);
    const missing = join(folder, "missing");
    assert.deepEqual([osConfigFiles.exists(missing), osConfigFiles.exists(missing, false)], [false, false]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
