import assert from "node:assert/strict";
import { noticesOf } from "../../../src/operator/status/notices.ts";
import { renderPage } from "../../../src/operator/status/page.ts";
import { FleetShortError, type MinerReport } from "../../../src/delivery/asics/fleet_report.ts";
import { ConfigError } from "../../../src/config/errors.ts";
import { RoutingError, TargetsFailedError } from "../../../src/delivery/proxies/errors.ts";
import { ASICS, FakeAgent, FLEET, HOTKEY } from "./fake_agent.ts";

function failing(agent: FakeAgent): Record<string, string> {
  const { checks } = agent.telemetry.report();
  return Object.fromEntries(checks.filter(({ ok }) => !ok).map(({ name, message }) => [name, message]));
}

Deno.test("checkReadiness() says what has not happened yet after a start, and is content once it has", async () => {
  await using agent = new FakeAgent();
  assert.deepEqual(Object.keys(failing(agent)), ["configuration", "auction", "commitment", "chain"]);
  assert.equal(agent.telemetry.report().ready, false);
  await agent.work();
  assert.deepEqual(failing(agent), {});
  assert.equal(agent.telemetry.report().ready, true);
});

const limits = [
  ["auction", 300, (agent: FakeAgent) => agent.run("auction")],
  ["commitment", 900, (agent: FakeAgent) => agent.run("commitment")],
  ["chain", 120, (agent: FakeAgent) => agent.seeHead(8_000_500)],
] as const;
for (const [name, seconds, renew] of limits) {
  Deno.test(`checkReadiness() wants news of ${name} within ${seconds} s`, async () => {
    await using agent = new FakeAgent();
    await agent.work();
    agent.pass(seconds);
    assert.equal(failing(agent)[name], undefined);
    agent.pass(1);
    assert.match(failing(agent)[name] ?? "", /ago/);
    renew(agent);
    assert.equal(failing(agent)[name], undefined);
  });
}

Deno.test("checkReadiness() says with which error a job fails, without the keys in URLs", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.pass(301);
  for (let i = 0; i < 3; i++) {
    agent.run("auction", new Error("Cannot connect to wss://node.example/v1/secret"));
  }
  assert.equal(
    failing(agent).auction,
    "Last succeeded 5 min 1 s ago; failing (3 ×): Cannot connect to wss://node.example/…",
  );
});

Deno.test("a job that has just begun to fail is ready still, and is marked and noticed", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const warnings = (): string[] =>
    noticesOf(agent.telemetry.report()).filter(({ level }) => level === "warning")
      .map(({ title, text }) => `${title}: ${text}`);
  const marked = (): string[] =>
    agent.telemetry.report().checks.filter(({ isFailing }) => isFailing).map(({ name }) => name);
  assert.deepEqual([warnings(), marked()], [[], []]);
  agent.run("commitment", new Error("no endpoint answers"));
  assert.ok(agent.telemetry.report().ready);
  assert.deepEqual(marked(), ["commitment"]);
  assert.deepEqual(warnings(), [
    "Commitment job: Last succeeded 0 s ago; failing (1 ×): no endpoint answers",
  ]);
  const { html } = renderPage(agent.telemetry.report(), "n");
  assert.match(html, /<li class="doubtful"><div><b>Commitment<\/b>/);
  agent.run("commitment");
  assert.deepEqual([warnings(), marked()], [[], []]);
});

Deno.test("checkReadiness() fails at once for a configuration that cannot be used, and for unusable workers", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const error = new ConfigError("config.toml", [{ key: "[bittensor] netuid", message: "is missing" }]);
  agent.observe({ kind: "settings-failed", error });
  assert.equal(
    failing(agent).configuration,
    "Cannot be used; the last routing is kept: config.toml: [bittensor] netuid: is missing",
  );
  await agent.readSettings();
  assert.deepEqual(failing(agent), {});
  await agent.readSettings("", undefined, (config) => config.replace('"0.45" = 2', '"0.95" = 2'));
  assert.match(failing(agent).configuration ?? "", /^Nothing can be published: .*\[workers\] worker_sizes/);
});

Deno.test("checkReadiness() allows a reload to be owed for two minutes", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const owed = {
    reload: "pending",
    reloadPendingSinceMs: agent.nowMs,
    reloadError: "no such folder",
  } as const;
  agent.route({ ...owed, changed: false });
  const routing = (): string | undefined =>
    agent.telemetry.report().checks.find(({ name }) => name === "routing")?.message;
  assert.match(
    routing() ?? "",
    /pools\.toml is written, but .* told to reload for 0 s: no such folder; it is/,
  );
  agent.pass(120);
  assert.equal(failing(agent).routing, undefined);
  assert.match(routing() ?? "", /for 2 min: no such folder/);
  agent.pass(1);
  assert.match(failing(agent).routing ?? "", /pools\.toml is written, .* for 2 min 1 s: no such folder/);
  agent.retryReload();
  assert.match(routing() ?? "", /^Correct when last checked/);
  agent.route({ changed: false });
  assert.equal(failing(agent).routing, undefined);
});

Deno.test("checkReadiness() fails at once for a proxy that cannot be routed to, and keeps what it had", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const error = "Cannot route in /etc/ihp/pools.toml: line 3 is no TOML";
  agent.observe({ kind: "routed", results: [{ mode: "ihp", path: "/etc/ihp/pools.toml", error }] });
  assert.equal(failing(agent).routing, error);
  const [proxy] = agent.telemetry.report().proxies;
  assert.deepEqual([proxy?.error, proxy?.values[0]?.value], [error, "1650TH/s"]);
});

Deno.test("checkReadiness() fails while the ASICs do not cover what was won", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.routeAsics();
  assert.deepEqual(failing(agent), {});
  const problem = { kind: "refused", message: "no" } as const;
  const miners = ASICS.map((miner) => ({ ...miner, problem: miner.name === "left" ? problem : null }));
  agent.routeAsics({ coveredHashratePh: 0.9, shortfallHashratePh: 0.75, miners });
  assert.equal(
    failing(agent).routing,
    "The ASICs cover 0.9 PH/s of 1.65 PH/s; these do not mine where they should: left",
  );
  agent.observe({ kind: "routed", results: [{ mode: "asic", path: null, error: "no" }] });
  assert.equal(failing(agent).routing, "no");
});

Deno.test("checkReadiness() fails while ASICs that are not needed cannot be sent away, and names them", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const problem = { kind: "not-switched", message: "It mines on at the subnet" } as const;
  const stuck: MinerReport = { ...ASICS[2]!, found: "subnet", problem };
  const miners = [...ASICS.slice(0, 2), stuck];
  // Sent away, and what it gives is needed after all.
  agent.routeAsics({ miners, surplusHashratePh: 0.5 });
  assert.deepEqual(failing(agent), {});
  agent.routeAsics({ miners, surplusHashratePh: 0.9 });
  assert.match(failing(agent).routing ?? "", /cannot be sent away: right; .* by hand$/);
  agent.routeAsics({ removed: [{ ...stuck, name: "former" }] });
  assert.match(failing(agent).routing ?? "", /cannot be sent away: former;/);
});

Deno.test("checkReadiness() tells slow ASICs from those that do not mine where they should", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const slow = { kind: "slow", message: "0.7 of 0.9 PH/s" } as const;
  const miners = ASICS.map((miner) => miner.name === "left" ? { ...miner, problem: slow } : miner);
  agent.routeAsics({ miners });
  assert.deepEqual(failing(agent), {});
  agent.routeAsics({ miners, coveredHashratePh: 1.6, shortfallHashratePh: 0.05 });
  assert.equal(failing(agent).routing, "The ASICs cover 1.6 PH/s of 1.65 PH/s; these are slow: left");
});

Deno.test("checkReadiness() fails when no window could be computed for too long, though runs succeed", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.observe({ kind: "staleness-checked", isStale: true, isWindowOver: true, policy: "keep" });
  assert.equal(
    failing(agent).auction,
    "No window could be computed for 24 min or longer; the last routing is kept ([routing] on_stale)\n" +
      "Last succeeded 0 s ago",
  );
  agent.observe({ kind: "staleness-checked", isStale: false, isWindowOver: false, policy: "keep" });
  assert.deepEqual(failing(agent), {});
});

Deno.test("checkReadiness() leaves a failed routing to the check of that name", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.pass(5);
  const error = "Cannot read /etc/ihp/pools.toml: there is no such file";
  const results = [{ mode: "ihp", path: "/etc/ihp/pools.toml", error }] as const;
  const errors = [
    new RoutingError("missing", "/etc/ihp/pools.toml", error),
    new TargetsFailedError(results, [error, error]),
    new FleetShortError(FLEET),
  ];
  const auction = (): string | undefined =>
    agent.telemetry.report().checks.find(({ name }) => name === "auction")?.message;
  for (const [i, failure] of errors.entries()) {
    agent.observe({ kind: "routed", results });
    agent.run("auction", failure);
    assert.equal(auction(), `Last succeeded 5 s ago; failing (${i + 1} ×) at the routing`);
    assert.equal(failing(agent).routing, error);
  }
  agent.run("auction", new Error("no endpoint answers"));
  assert.equal(auction(), "Last succeeded 5 s ago; failing (4 ×): no endpoint answers");
});

Deno.test("checkReadiness() is not ready while hashrate is credited to nobody, and gives the line to write", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const identity = (workerId: string | null) =>
    ({ place: 'pools.main[0] "central-proxy"', key: "worker_id", workerId }) as const;
  agent.route({ identities: [identity("sn89auction.5Other.rig7")] });
  assert.equal(
    failing(agent)["identity"],
    'pools.main[0] "central-proxy": worker_id is "sn89auction.5Other.rig7", whose hotkey is not ours: its hashrate ' +
      `is credited to nobody; write worker_id = "sn89auction.${HOTKEY}.rig7"`,
  );
  agent.route({ identities: [identity(null)] });
  assert.deepEqual(failing(agent), {}, "the machines' names may be right");
  const [notice] = noticesOf(agent.telemetry.report()).filter(({ title }) => title === "Worker id");
  assert.equal(notice?.level, "warning");
  assert.match(notice?.text ?? "", /every machine's own worker name must be sn89auction\.5Grw\w+\.<name>$/);
  agent.route();
  assert.deepEqual(noticesOf(agent.telemetry.report()), []);
});

Deno.test("checkReadiness() looks at the users of ASICs, and names a few of many", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.routeAsics({
    miners: Array.from({ length: 5 }, (_, i) => ({ ...ASICS[0]!, name: `m${i}`, workerId: "x.y" })),
  });
  const lines = failing(agent)["identity"]!.split("\n");
  assert.match(
    lines[0]!,
    /^ASIC m0, subnet pool: User is "x\.y", .*; set the user of that pool to sn89auction\./,
  );
  assert.deepEqual([lines.length, lines.at(-1)], [4, "and 2 more like these"]);
  agent.routeAsics({ miners: [{ ...ASICS[0]!, workerId: null }] });
  assert.equal(failing(agent)["identity"], undefined, "a machine that does not tell is not judged");
});
