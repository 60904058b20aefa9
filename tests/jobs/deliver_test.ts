import assert from "node:assert/strict";
import { join } from "node:path";
import { Fleet } from "../../src/asic/fleet.ts";
import type { RoutingConfig } from "../../src/config/routing.ts";
import { checkWorkers, type WorkersConfig } from "../../src/config/workers.ts";
import {
  routeDemand,
  type RoutingContext,
  settleOwed,
  unroutedDemand,
  warnAboutRouting,
} from "../../src/jobs/deliver.ts";
import { FailureLog } from "../../src/lib/failure_log.ts";
import { RoutingError, TargetsFailedError } from "../../src/routing/errors.ts";
import { LogRecorder } from "../support/log_recorder.ts";

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
      failures: new FailureLog(() => 1_000),
      stateDirectory: this.path("state"),
      dryRun: false,
      nowMs: 1_000,
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

Deno.test("routeDemand() goes on with the other proxies when one fails, and says what became of each", async () => {
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

Deno.test("settleOwed() gives what is owed once that is possible, and leaves the rest alone", async () => {
  await using site = await Site.make();
  await routeDemand(DEMAND, site.context());
  assert.equal(await settleOwed(site.context()), true);

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
  assert.equal(await settleOwed(site.context()), false);
  assert.equal((await proxy.status).code, 7);
  assert.equal(site.log.fieldsOf("Owed reload given")?.path, site.path("b.toml"));
  assert.equal(await settleOwed(site.context()), false);
  assert.equal(site.log.events().filter((event) => event === "Owed reload given").length, 1);
});

Deno.test("settleOwed() reports a state folder that cannot be used and does not fail", async () => {
  await using site = await Site.make();
  await Deno.writeTextFile(site.path("state"), "a file in the folder's place");
  assert.equal(await settleOwed(site.context()), false);
  assert.ok(site.log.events("error").includes("Cannot recover an interrupted run"));
});

Deno.test("warnAboutRouting() says what is doubtful", () => {
  const log = new LogRecorder();
  warnAboutRouting({ kind: "off", reason: "no file" }, log);
  warnAboutRouting({ kind: "on", targets: [], fleet: null, warnings: ["too much"] }, log);
  assert.deepEqual(log.lines.map(({ event, fields }) => [event, Object.values(fields)[0]]), [
    ["Routing off", "no file"],
    ["Routing doubtful", "too much"],
  ]);
});

function workersOf(section: object, allowV1 = false): WorkersConfig {
  return checkWorkers({ section, unquotedKeys: [], source: "config.toml", allowV1 });
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
