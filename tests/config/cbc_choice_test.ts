import assert from "node:assert/strict";
import { join } from "node:path";
import type { BundledCbc, UnpackCbc } from "../../src/auction/solver/cbc/bundled_cbc.ts";
import type { Environment } from "../../src/config/environment.ts";
import { type Config, loadConfig, loadSolver } from "../../src/config/load.ts";

const CONFIG = `
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

[state]
directory = "/var/lib/agent"
`;

const READY: BundledCbc = { kind: "ready", command: ["/var/lib/agent/solver/cbc"] };
const UNUSABLE: BundledCbc = { kind: "unusable", problem: "Cannot unpack it; make room" };

/** What is chosen, and for which state folders the bundled program was unpacked. */
async function choose(
  solver: string,
  { bundled, environment = {} }: { bundled: BundledCbc | null; environment?: Environment },
): Promise<Pick<Config, "solver" | "cbc"> & { unpacked: string[] }> {
  const unpacked: string[] = [];
  const unpack: UnpackCbc = (stateDirectory) => {
    unpacked.push(stateDirectory);
    return Promise.resolve(bundled);
  };
  const files = { readTextFile: () => Promise.resolve(`${CONFIG}${solver}`), exists: () => false };
  const { solver: chosen, cbc } = await loadConfig("/c.toml", { HOME: "/h", ...environment }, files, unpack);
  return { solver: chosen, cbc, unpacked };
}

async function withCbcOnPath(test: (folder: string, cbc: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const cbc = join(folder, "cbc");
    await Deno.writeTextFile(cbc, "", { mode: 0o755 });
    await test(folder, cbc);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the bundled cbc beats one on the PATH, and is unpacked into the state folder", () =>
  withCbcOnPath(async (PATH) => {
    const chosen = await choose("", { bundled: READY, environment: { PATH } });
    assert.deepEqual(chosen, {
      solver: { engine: "auto", cbcCommand: READY.command, cbcTimeLimitSeconds: 480 },
      cbc: { origin: "bundled", problem: null },
      unpacked: ["/var/lib/agent"],
    });
  }));

Deno.test("a configured cbc beats the bundled one, which is not unpacked then", async () => {
  const inFile = await choose('[solver]\ncbc = "/opt/cbc"', { bundled: READY });
  const inEnvironment = await choose("", { bundled: READY, environment: { IH_MINER_CBC: "/opt/cbc" } });
  for (const { solver, cbc, unpacked } of [inFile, inEnvironment]) {
    assert.deepEqual(solver.cbcCommand, ["/opt/cbc"]);
    assert.deepEqual(cbc, { origin: "configured", problem: null });
    assert.deepEqual(unpacked, []);
  }
});

Deno.test("the engine glpk unpacks nothing", async () => {
  const { solver, cbc, unpacked } = await choose('[solver]\nengine = "glpk"', { bundled: READY });
  assert.equal(solver.cbcCommand, null);
  assert.deepEqual(cbc, { origin: null, problem: null });
  assert.deepEqual(unpacked, []);
});

Deno.test("an unusable bundled cbc leaves the one on the PATH or the built-in engine, and says why", () =>
  withCbcOnPath(async (PATH, onPath) => {
    const { problem } = UNUSABLE as Extract<BundledCbc, { kind: "unusable" }>;
    const without = await choose("", { bundled: UNUSABLE });
    assert.deepEqual([without.solver.cbcCommand, without.cbc], [null, { origin: null, problem }]);
    const beside = await choose("", { bundled: UNUSABLE, environment: { PATH } });
    assert.deepEqual([beside.solver.cbcCommand, beside.cbc], [[onPath], { origin: "path", problem }]);
  }));

Deno.test("without a bundled cbc the choice says where cbc was found, if at all", () =>
  withCbcOnPath(async (PATH) => {
    assert.equal((await choose("", { bundled: null, environment: { PATH } })).cbc.origin, "path");
    assert.deepEqual((await choose("", { bundled: null })).cbc, { origin: null, problem: null });
  }));

Deno.test("a configuration that cannot be used unpacks nothing", async () => {
  const unpack: UnpackCbc = () => Promise.reject(new Error("unpacked"));
  const readTextFile = (): Promise<string> => Promise.resolve(`${CONFIG}[solver]\nengine = "other"`);
  await assert.rejects(
    loadConfig("/c.toml", { HOME: "/h" }, { readTextFile, exists: () => false }, unpack),
    { name: "ConfigError" },
  );
});

Deno.test("loadSolver() decides by the environment alone", async () => {
  const unpacked: string[] = [];
  const unpack: UnpackCbc = (stateDirectory) => {
    unpacked.push(stateDirectory);
    return Promise.resolve(READY);
  };
  assert.equal((await loadSolver({ IH_MINER_CBC: "/opt/cbc" }, unpack)).cbc.origin, "configured");
  assert.equal((await loadSolver({ STATE_DIRECTORY: "/s" }, unpack)).cbc.origin, "bundled");
  assert.equal((await loadSolver({ HOME: "/h" }, unpack)).cbc.origin, "bundled");
  assert.deepEqual(unpacked, ["/s", "/h/.local/state/ih-miner"]);
});
