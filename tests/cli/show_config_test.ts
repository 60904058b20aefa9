import assert from "node:assert/strict";
import { join } from "node:path";
import { showConfig, type ShownConfig } from "../../src/cli/show_config.ts";
import type { Environment } from "../../src/config/environment.ts";
import { parseToml } from "../../src/lib/toml.ts";

const CONFIG = `[bittensor]
network = ["wss://user:hunter2@node.example/?key=s3cret", "finney"]
netuid = 89
[wallet]
name = "cold"
hotkey_name = "hot"
directory = "~/wallets"
[workers]
price_multiplier = "1.05"
worker_sizes = { "0.45" = 2 }
[routing]
pools_path = "/etc/ihp/pools.toml"
`;

async function show(text: string, environment: Environment = {}, json = false): Promise<ShownConfig> {
  const folder = await Deno.makeTempDir();
  const configPath = join(folder, "config.toml");
  await Deno.writeTextFile(configPath, text);
  const shown = await showConfig({ name: "config", configPath, json }, { HOME: "/home/op", ...environment });
  await Deno.remove(folder, { recursive: true });
  return shown;
}

/** Comments are aligned for people; one space is enough here. */
function squeezed({ text }: ShownConfig): string[] {
  return text.split("\n").map((line) => line.replace(/ +# /, " # "));
}

Deno.test("config says where each value came from: file, environment or default", async () => {
  const shown = await show(CONFIG, {
    APS_MINER_IHP_RELOAD_SENTINEL: "/run/reload",
    STATE_DIRECTORY: "/var/lib/ih-miner",
  });
  assert.equal(shown.exitCode, 0);
  assert.equal(shown.error, "");
  const lines = squeezed(shown);
  for (
    const line of [
      "netuid = 89 # file",
      'mode = "ihp" # default',
      'pools_path = "/etc/ihp/pools.toml" # file',
      'sentinel_path = "/run/reload" # environment: APS_MINER_IHP_RELOAD_SENTINEL',
      'subnet_pool_name = "central-proxy" # default',
      'stale_after = "2 windows" # default',
      "enabled = true # default",
      'worker_sizes = { "0.45" = 2 } # file',
      'directory = "/var/lib/ih-miner" # environment: STATE_DIRECTORY',
      "# cbc is not set # default",
      "# hotkey file: /home/op/wallets/cold/hotkeys/hot",
      "# bid: 2;b;BTC,1.05=0.45:2   (19 of 128 bytes, workers: 2)",
      "# APS_MINER_IHP_RELOAD_SENTINEL=/run/reload",
    ]
  ) {
    assert.ok(lines.includes(line), `${line} is missing in\n${shown.text}`);
  }
});

const LISTS = `${CONFIG.slice(0, CONFIG.indexOf("[routing]"))}
[[workers.tiers]]
price_multiplier = "0.9"
worker_sizes = { "0.2" = 1 }
[[routing.targets]]
pools_path = "/a/pools.toml"
[[routing.targets]]
profile_path = "/b/profile.toml"
reload_command = ["reload", "the proxy"]
`;

for (const [what, config] of [["one proxy", CONFIG], ["tiers and several proxies", LISTS]] as const) {
  Deno.test(`config prints TOML that gives the same configuration again, with ${what}`, async () => {
    const first = await show(config);
    assert.equal(first.exitCode, 0, first.error);
    const printed = first.text.replace(/^network = .*$/m, 'network = "finney"');
    parseToml(printed, { source: "printed" });
    const again = await show(printed);
    assert.equal(again.exitCode, 0, again.error);
    const values = (shown: ShownConfig): string[] =>
      squeezed(shown).filter((line) => /^[a-z[]/.test(line) && !line.startsWith("network"))
        .map((line) => line.replace(/ # .*/, ""));
    assert.deepEqual(values(again), values(first));
  });
}

Deno.test("config says of several prices how validators match them", async () => {
  const note =
    /^# several prices: validators match what wins at several of them worker by worker, and all hashrate/m;
  assert.match((await show(LISTS)).text, note);
  assert.doesNotMatch((await show(CONFIG)).text, note);
});

Deno.test("config shows no credentials of an endpoint", async () => {
  for (const json of [false, true]) {
    const { text } = await show(CONFIG, {}, json);
    assert.ok(text.includes("node.example"));
    assert.doesNotMatch(text, /hunter2|s3cret/);
  }
});

Deno.test("config --json is one document, with a mistake in [workers] beside the rest", async () => {
  const good = JSON.parse((await show(CONFIG, {}, true)).text);
  assert.equal(good.status, "done");
  assert.deepEqual(good.commitment, { text: "2;b;BTC,1.05=0.45:2", byte_length: 19, total_workers: 2 });
  assert.deepEqual(
    good.settings.find(({ key }: { key: string }) => key === "worker_sizes"),
    { section: "workers", key: "worker_sizes", value: { "0.45": 2 }, from: "file", variable: null },
  );

  const broken = await show(CONFIG.replace('"1.05"', '"1.06"'), {}, true);
  assert.equal(broken.exitCode, 2);
  assert.match(broken.error, /\[workers\] price_multiplier: must be at most 1\.05/);
  const document = JSON.parse(broken.text);
  assert.equal(document.commitment, null);
  assert.match(document.error, /price_multiplier/);
  assert.ok(document.settings.length > 10);
});

Deno.test("config of a file that cannot be used says why and ends with 2", async () => {
  const shown = await show(CONFIG.replace("netuid = 89", "netuid = -1"));
  assert.equal(shown.exitCode, 2);
  assert.equal(shown.text, "");
  assert.match(shown.error, /\[bittensor\] netuid: must be 0 to 65535/);
  assert.match((await show("[bittensor", {}, true)).text, /"status": "failed"/);
});

Deno.test("config shows each proxy of a list, and what is doubtful about it", async () => {
  const targets = [
    '[[routing.targets]]\npools_path = "/a/pools.toml"',
    '[[routing.targets]]\npools_path = "/b/pools.toml"\npid_file = "/run/b.pid"\n',
  ].join("\n");
  const lines = squeezed(await show(CONFIG.replace(/\[routing\]\n.*\n/, targets)));
  assert.equal(lines.filter((line) => line === "[[routing.targets]]").length, 2);
  for (
    const line of [
      'sentinel_path = "/a/.reload-ihp" # default',
      'signal = "SIGHUP" # default',
      'pid_file = "/run/b.pid" # file',
      "share = 1 # default",
    ]
  ) {
    assert.ok(lines.includes(line), `${line} is missing in\n${lines.join("\n")}`);
  }
  assert.ok(lines.some((line) => line.startsWith('# doubtful: the shares of the "ihp" targets add up to 2')));
});

Deno.test("config says why routing is off", async () => {
  const shown = await show(CONFIG.replace(/pools_path.*/, ""));
  assert.ok(squeezed(shown).some((line) => line.startsWith("# routing is off: no proxy file is named by ")));
  assert.ok(squeezed(shown).includes("# profile_path is not set # default"));
});

Deno.test("config shows no mode where only ASICs are routed to, and says what has no effect", async () => {
  const asic =
    '[[asic.miners]]\naddress = "192.168.1.21"\nhashrate = "0.2"\n[solver]\nengine = "glpk"\ncbc = "cbc"\n';
  const lines = squeezed(await show(CONFIG.replace(/\[routing\]\n.*\n/, asic)));
  for (
    const line of [
      "# mode is not set # default",
      "# no proxy is configured: only the ASICs of [asic] are routed to",
      "# cbc is not used: the engine is glpk",
      "# timeout is not used: there is no program",
      "# webhook_format and no_win_windows are not used: there is no webhook",
    ]
  ) {
    assert.ok(lines.includes(line), `${line} is missing in\n${lines.join("\n")}`);
  }
  assert.ok(!lines.some((line) => line.startsWith("mode = ")));
  const off = squeezed(await show(CONFIG.replace(/pools_path.*/, 'mode = "ihp"')));
  assert.ok(off.includes('mode = "ihp" # file'));
  assert.ok(off.includes("# nothing is measured: there is neither a source nor [asic]"));
});

Deno.test("config says which cbc is in use, where it comes from, and whether it is the validators' build", async () => {
  const folder = await Deno.makeTempDir();
  const cbc = join(folder, "cbc");
  const answer = (date: string): Promise<void> =>
    Deno.writeTextFile(cbc, `#!/bin/sh\necho "Version: 2.10.3"\necho "Build Date: ${date}"\n`, {
      mode: 0o755,
    });
  const noteOf = async (environment: Environment): Promise<string | undefined> =>
    squeezed(await show(CONFIG, environment)).find((line) => line.startsWith("# cbc in use: "));
  await answer("Dec 15 2019");
  const validators = "2.10.3 of Dec 15 2019, the validators' build";
  assert.equal(await noteOf({ PATH: folder }), `# cbc in use: ${cbc}, found on the PATH: ${validators}`);
  assert.equal(await noteOf({ IH_MINER_CBC: cbc }), `# cbc in use: ${cbc}, as configured: ${validators}`);
  const { solver } = JSON.parse((await show(CONFIG, { IH_MINER_CBC: cbc }, true)).text);
  assert.deepEqual(solver, {
    engine: "auto",
    cbc: [cbc],
    origin: "configured",
    build: { version: "2.10.3", build_date: "Dec 15 2019" },
    is_validator_build: true,
    error: null,
    bundled_problem: null,
  });
  await answer("Jan 1 2024");
  assert.match(
    String(await noteOf({ PATH: folder })),
    /: 2\.10\.3 of Jan 1 2024, not the validators' build$/,
  );
  await Deno.remove(folder, { recursive: true });
  assert.match(
    String(await noteOf({ IH_MINER_CBC: cbc })),
    /, as configured: Cannot run cbc: .* does not start/,
  );
  assert.equal(await noteOf({}), undefined);
  assert.ok(
    squeezed(await show(CONFIG)).includes(
      "# cbc is not used: there is none; the built-in engine glpk decides",
    ),
  );
});

Deno.test("config shows control characters escaped, with the origin in its column", async () => {
  const lines = (await show(CONFIG, { APS_MINER_SUBNET_POOL_NAME: "a\x9bb" })).text.split("\n");
  const line = lines.find((line) => line.startsWith("subnet_pool_name"));
  assert.equal(
    line,
    `${String.raw`subnet_pool_name = "a\u009bb"`.padEnd(55)} # environment: APS_MINER_SUBNET_POOL_NAME`,
  );
});

Deno.test("config shows numbers beyond 2^53, in both forms", async () => {
  const text = CONFIG.replace("= 2 }", "= 9007199254740993 }");
  const shown = await show(text);
  assert.ok(squeezed(shown).includes('worker_sizes = { "0.45" = 9007199254740993 } # file'));
  const { settings } = JSON.parse((await show(text, {}, true)).text);
  const sizes = settings.find(({ key }: { key: string }) => key === "worker_sizes");
  assert.deepEqual(sizes.value, { "0.45": "9007199254740993" });
});
