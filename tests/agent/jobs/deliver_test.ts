import assert from "node:assert/strict";
import { join } from "node:path";
import { Fleet } from "../../../src/delivery/asics/fleet.ts";
import type { FleetConfig } from "../../../src/delivery/asics/fleet_config.ts";
import { FleetShortError } from "../../../src/delivery/asics/fleet_report.ts";
import { Resolution } from "../../../src/config/effective.ts";
import type { RoutingConfig } from "../../../src/config/routing.ts";
import { checkWorkers, type WorkersConfig } from "../../../src/config/workers.ts";
import {
  routeDemand,
  type RoutingContext,
  settleOwed,
  unroutedDemand,
  warnAboutRouting,
} from "../../../src/agent/jobs/deliver.ts";
import { FailureLog } from "../../../src/lib/failure_log.ts";
import { RoutingError, TargetsFailedError } from "../../../src/delivery/proxies/errors.ts";
import { type MinerServer, startMiner } from "../../../src/simulator/asic/mod.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

const POOLS = '[[pools.main]]\nname = "central-proxy"\ntarget_hashrate = "0TH/s"\n';
const PROFILE = `[[routing]]
[[routing.goal]]
name = "InfiniteHashLuxorGoal"
hr_weight = 1
[[routing.goal]]
name = "MinerDefaultGoal"
hr_weight = 1
`;
const DEMAND = { wonSizes: ["0.4"], lostSizes: ["0.4"] };

/** Three proxies in a folder of their own: two of one kind, one of the other. */
class Site implements AsyncDisposable {
  readonly log = new LogRecorder();
  readonly pending: boolean[] = [];
  readonly failures = new FailureLog(() => 1_000);

  private constructor(readonly folder: string) {}

  static async make(): Promise<Site> {
    const site = new Site(await Deno.makeTempDir({ prefix: "ih-miner-deliver-" }));
    await Deno.writeTextFile(site.path("a.toml"), POOLS);
    await Deno.writeTextFile(site.path("b.toml"), POOLS);
    await Deno.writeTextFile(site.path("c.toml"), PROFILE);
    return site;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): Promise<string> {
    return Deno.readTextFile(this.path(name));
  }

  context(overrides: Partial<RoutingContext> = {}): RoutingContext {
    const pool = { mode: "ihp", subnetPoolName: "central-proxy", share: 0.5 } as const;
    const routing: RoutingConfig = {
      kind: "on",
      targets: [
        { ...pool, poolsPath: this.path("a.toml"), sentinelPath: this.path(".reload-a") },
        { ...pool, poolsPath: this.path("b.toml"), signal: "SIGHUP", pidFile: this.path("b.pid") },
        { mode: "braiins", profilePath: this.path("c.toml"), reloadCommand: ["sh", "-c", "exit 0"] },
      ],
      fleet: null,
      warnings: [],
    };
    return {
      routing,
      fleet: new Fleet(),
      decision: "a window",
      failures: this.failures,
      stateDirectory: this.path("state"),
      dryRun: false,
      nowMs: 1_000,
      steadyMs: 1_000,
      log: this.log,
      onReloads: (isPending) => this.pending.push(isPending),
      ...overrides,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("routeDemand() routes to every proxy, each by its mode, share and reload", async () => {
  await using site = await Site.make();
  const reports = await routeDemand(DEMAND, site.context());
  const proxies = reports.filter((report) => report.mode !== "asic");
  assert.deepEqual(proxies.map(({ mode, changed, reload }) => [mode, changed, reload]), [
    ["ihp", true, "touched"],
    ["ihp", true, "pending"],
    ["braiins", true, "ran"],
  ]);
  assert.match(await site.read("a.toml"), /target_hashrate = "200TH\/s"/);
  assert.match(await site.read("b.toml"), /target_hashrate = "200TH\/s"/);
  assert.match(await site.read("c.toml"), /hr_weight = 2147483648/);
  assert.deepEqual(site.pending, [true]);
  const pending = site.log.fieldsOf("Proxy reload pending");
  assert.equal(pending?.path, site.path("b.toml"));
  assert.match(String(pending?.error), /no pid file/);
});

Deno.test("routeDemand() continues with the other proxies when one fails, and reports each result", async () => {
  await using site = await Site.make();
  await Deno.writeTextFile(site.path("a.toml"), "[pools\n");
  await Deno.remove(site.path("c.toml"));
  await assert.rejects(routeDemand(DEMAND, site.context()), (error) => {
    assert.ok(error instanceof TargetsFailedError);
    assert.match(error.message, /^Cannot route to 2 of 3 proxies: .*a\.toml.*\n.*c\.toml/);
    const results = error.results as { path: string; changed?: boolean; error?: string }[];
    assert.deepEqual(results.map(({ path, changed }) => [path, changed]), [
      [site.path("a.toml"), undefined],
      [site.path("b.toml"), true],
      [site.path("c.toml"), undefined],
    ]);
    assert.match(results[2]!.error ?? "", /there is no such file/);
    return true;
  });
  assert.match(await site.read("b.toml"), /200TH/);
  assert.deepEqual(site.pending, [true], "the reload of the good one is owed");
  assert.equal(site.log.events("info").filter((event) => event === "Routing updated").length, 1);
});

Deno.test("routeDemand() fails with the one proxy's own error, and does nothing when routing is off", async () => {
  await using site = await Site.make();
  const context = site.context();
  assert.ok(context.routing.kind === "on");
  await Deno.remove(site.path("a.toml"));
  const only: RoutingConfig = {
    kind: "on",
    targets: context.routing.targets.slice(0, 1),
    fleet: null,
    warnings: [],
  };
  await assert.rejects(
    routeDemand(DEMAND, { ...context, routing: only }),
    (error) => error instanceof RoutingError && error.kind === "missing",
  );
  assert.deepEqual(await routeDemand(DEMAND, { ...context, routing: { kind: "off", reason: "none" } }), []);
});

async function isReloadOwed(site: Site): Promise<boolean> {
  return (await settleOwed(site.context())).some(({ reload }) => reload === "pending");
}

Deno.test("settleOwed() completes pending reloads once possible, and leaves the rest alone", async () => {
  await using site = await Site.make();
  await routeDemand(DEMAND, site.context());
  assert.equal(await isReloadOwed(site), true);
  await Deno.writeTextFile(site.path("b.pid"), "abc");
  assert.equal(await isReloadOwed(site), true);
  const reasons = site.log.lines.filter(({ event, level }) =>
    event === "Proxy reload pending" && level === "error"
  ).map(({ fields }) => String(fields.error));
  assert.deepEqual(
    reasons.map((reason) => /no pid file|holds no process id/.exec(reason)?.[0]),
    ["no pid file", "holds no process id"],
    "another reason is news",
  );
  await Deno.remove(site.path("b.pid"));

  const proxy = new Deno.Command("sh", {
    args: [
      "-c",
      `trap 'exit 7' HUP; echo $$ > ${site.path("new")}; mv ${site.path("new")} ${
        site.path("b.pid")
      }; while :; do sleep 0.02; done`,
    ],
    stdin: "null",
  }).spawn();
  while (await site.read("b.pid").then(() => false, () => true)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(await isReloadOwed(site), false);
  assert.equal((await proxy.status).code, 7);
  assert.equal(site.log.fieldsOf("Owed reload given")?.path, site.path("b.toml"));
  assert.equal(await isReloadOwed(site), false);
  assert.equal(site.log.events().filter((event) => event === "Owed reload given").length, 1);
});

Deno.test("settleOwed() reports a state folder that cannot be used and does not fail", async () => {
  await using site = await Site.make();
  await Deno.writeTextFile(site.path("state"), "a file in the folder's place");
  assert.deepEqual(await settleOwed(site.context()), []);
  assert.ok(site.log.events("error").includes("Cannot recover an interrupted run"));
});

Deno.test("warnAboutRouting() warns about doubtful routing", () => {
  const log = new LogRecorder();
  warnAboutRouting({ kind: "off", reason: "no file" }, log);
  warnAboutRouting({ kind: "on", targets: [], fleet: null, warnings: ["too much"] }, log);
  assert.deepEqual(log.lines.map(({ event, fields }) => [event, Object.values(fields)[0]]), [
    ["Routing off", "no file"],
    ["Routing doubtful", "too much"],
  ]);
});

function workersOf(section: object, allowV1 = false): WorkersConfig {
  return checkWorkers(section, "", new Resolution("config.toml", allowV1 ? { APS_MINER_ALLOW_V1: "1" } : {}));
}

Deno.test("unroutedDemand() counts all configured workers as lost", () => {
  const table = workersOf({ price_multiplier: "1", worker_sizes: { "0.45": 2, "0.250": 1 } });
  assert.deepEqual(unroutedDemand(table), { wonSizes: [], lostSizes: ["0.45", "0.45", "0.25"] });
  const list = workersOf({ price_multiplier: "1", hashrates: [" 1.35", ".1"] });
  assert.deepEqual(unroutedDemand(list), { wonSizes: [], lostSizes: ["1.35", "0.1"] });
  assert.deepEqual(unroutedDemand(null), { wonSizes: [], lostSizes: [] });
});

Deno.test("unroutedDemand() takes sizes that only v1 bids may have", () => {
  const list = workersOf({ price_multiplier: "1", hashrates: ["0.01", "5"] }, true);
  assert.deepEqual(unroutedDemand(list), { wonSizes: [], lostSizes: ["0.01", "5"] });
});

/** Two machines, of 0.4 and 0.2 PH/s, at their fallback pools. */
async function withAsics(
  work: (servers: readonly MinerServer[], fleet: FleetConfig) => Promise<void>,
): Promise<void> {
  const servers = [0.4, 0.2].map((hashratePh) => startMiner({ hashratePh }));
  const miners = servers.map(({ host, port, miner }, i) => ({
    name: `m${i + 1}`,
    host,
    port,
    hashrateFp18: BigInt(miner.hashratePh * 10) * 10n ** 17n,
    subnetPool: 1,
    fallbackPool: 0,
  }));
  try {
    await work(servers, { miners, share: 1, timeoutMs: 1_000 });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

Deno.test("routeDemand() switches ASICs, alone or beside proxies, and reports what it did", async () => {
  await using site = await Site.make();
  await withAsics(async ([first, second], fleet) => {
    const context = site.context();
    assert.ok(context.routing.kind === "on");
    const both: RoutingConfig = { ...context.routing, fleet };
    const dry = await routeDemand(DEMAND, { ...context, routing: both, dryRun: true });
    assert.equal(dry.at(-1)?.mode, "asic");
    assert.deepEqual([first!.miner.currentPool, second!.miner.currentPool], [0, 0]);
    assert.deepEqual(site.log.fieldsOf("ASICs would be switched")?.switched, ["m1 to subnet"]);

    const reports = await routeDemand(DEMAND, { ...context, routing: both });
    assert.deepEqual(reports.map(({ mode }) => mode), ["ihp", "ihp", "braiins", "asic"]);
    assert.deepEqual([first!.miner.currentPool, second!.miner.currentPool], [1, 0]);
    assert.match(await site.read("a.toml"), /200TH/);
    assert.deepEqual(site.log.fieldsOf("ASICs switched"), {
      wanted_hashrate_ph: 0.4,
      covered_hashrate_ph: 0.4,
      surplus_hashrate_ph: 0,
      shortfall_hashrate_ph: undefined,
      switched: ["m1 to subnet"],
      dry_run: undefined,
    });
  });
});

Deno.test("routeDemand() fails when the ASICs do not suffice, names each problem, and routes to the proxies", async () => {
  await using site = await Site.make();
  await withAsics(async ([first], fleet) => {
    await first!.stop();
    const alone: RoutingConfig = { kind: "on", targets: [], fleet, warnings: [] };
    await assert.rejects(routeDemand(DEMAND, site.context({ routing: alone })), (error) => {
      assert.ok(error instanceof FleetShortError);
      assert.match(error.message, /the ASICs deliver 0\.2 of 0\.4 PH\/s; .* m1 \(unreachable\)$/);
      assert.equal(error.report.shortfallHashratePh, 0.2);
      return true;
    });
    const { level, fields } = site.log.lines.find(({ event }) => event === "ASIC does not do its part")!;
    assert.deepEqual([level, fields["name"]], ["error", "m1"]);
    assert.match(String(fields["error"]), /nothing listens there/);

    const context = site.context();
    assert.ok(context.routing.kind === "on");
    const both: RoutingConfig = { ...context.routing, fleet };
    await assert.rejects(routeDemand(DEMAND, { ...context, routing: both }), (error) => {
      assert.ok(error instanceof TargetsFailedError);
      assert.match(error.message, /^Cannot route to 1 of 4 destinations: Cannot cover what was won/);
      assert.deepEqual(
        error.results.map((result: { mode: string; shortfallHashratePh?: number }) => [
          result.mode,
          result.shortfallHashratePh,
        ]),
        [["ihp", undefined], ["ihp", undefined], ["braiins", undefined], ["asic", 0.2]],
      );
      return true;
    });
    assert.match(await site.read("a.toml"), /200TH/);
  });
});

Deno.test("routeDemand() warns of a failing ASIC while the others cover what was won, and once of a slow one", async () => {
  await using site = await Site.make();
  await withAsics(async ([first, second], fleet) => {
    const context = site.context({ routing: { kind: "on", targets: [], fleet, warnings: [] } });
    await second!.stop();
    first!.miner.hashratePh = 0.38;
    const demand = { wonSizes: ["0.3"], lostSizes: [] };
    for (let times = 0; times < 3; times++) await routeDemand(demand, context);
    const warnings = site.log.lines.filter(({ level }) => level === "warning");
    assert.deepEqual(warnings.map(({ event, fields }) => [event, fields["name"]]), [
      ["ASIC does not do its part", "m2"],
      ["ASIC does not do its part again", "m2"],
    ]);
    assert.deepEqual(site.log.events("error"), []);

    first!.miner.hashratePh = 0.34;
    await routeDemand(demand, { ...context, failures: new FailureLog(() => 1_000), fleet: new Fleet() });
    const slow = site.log.lines.find(({ event }) => event === "ASIC is slow");
    assert.equal(slow?.level, "warning");
    assert.match(String(slow?.fields["error"]), /reports about 0\.34 of its nominal 0\.4 PH\/s/);

    // Now it matters.
    await assert.rejects(routeDemand({ wonSizes: ["0.5"], lostSizes: [] }, context), FleetShortError);
    assert.deepEqual(site.log.events("error"), ["ASIC does not do its part"]);
  });
});

Deno.test("routeDemand() sends ASICs away that are no longer configured, also when nothing else is routed to", async () => {
  await using site = await Site.make();
  await withAsics(async ([first, second], fleet) => {
    const alone: RoutingConfig = { kind: "on", targets: [], fleet, warnings: [] };
    const context = site.context({ routing: alone });
    assert.ok(context.routing.kind === "on");
    const proxies = site.context().routing;
    await routeDemand({ wonSizes: ["0.6"], lostSizes: [] }, context);
    assert.deepEqual([first!.miner.currentPool, second!.miner.currentPool], [1, 1]);

    second!.miner.fault = { kind: "denied" };
    const reports = await routeDemand(DEMAND, { ...context, routing: proxies });
    assert.deepEqual(reports.map(({ mode }) => mode), ["ihp", "ihp", "braiins", "asic"]);
    assert.deepEqual([first!.miner.currentPool, second!.miner.currentPool], [0, 1]);
    assert.equal(site.log.fieldsOf("ASIC removed from [asic] has left the subnet")?.name, "m1");
    const stuck = site.log.lines.find(({ event }) =>
      event === "ASIC removed from [asic] does not leave the subnet"
    );
    assert.deepEqual([stuck?.level, stuck?.fields["name"]], ["warning", "m2"]);

    second!.miner.fault = null;
    const off: RoutingConfig = { kind: "off", reason: "none" };
    const [last] = await routeDemand(DEMAND, { ...context, routing: off });
    assert.ok(last?.mode === "asic");
    assert.deepEqual([last.miners, last.removed.map(({ name }) => name)], [[], ["m2"]]);
    assert.equal(second!.miner.currentPool, 0);
    assert.ok(site.log.events("info").includes("ASIC does its part again"));
    assert.deepEqual(await routeDemand(DEMAND, { ...context, routing: off }), []);
    assert.ok(!site.log.events("error").some((event) => event.startsWith("ASIC")));
  });
});
