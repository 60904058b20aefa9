import assert from "node:assert/strict";
import {
  activeAlerts,
  ALERT_KINDS,
  type AlertKind,
  type AlertOptions,
} from "../../../src/operator/alerts/alert.ts";
import { ASICS, EMPTY, epochPaid, FakeAgent } from "../status/fake_agent.ts";

const OPTIONS: AlertOptions = { noWinWindows: 3, isSelling: true };
const LOST = { cap: "0.0001" };

function kinds(agent: FakeAgent, options: Partial<AlertOptions> = {}): AlertKind[] {
  return activeAlerts(agent.telemetry.report(), { ...OPTIONS, ...options }).map(({ kind }) => kind);
}

function textOf(agent: FakeAgent, kind: AlertKind, options: Partial<AlertOptions> = {}): string {
  const alerts = activeAlerts(agent.telemetry.report(), { ...OPTIONS, ...options });
  return alerts.find((alert) => alert.kind === kind)?.text ?? "";
}

/** What goes wrong with a working agent, what is said of it, and how it gets well again. */
const CONDITIONS: Readonly<
  Record<AlertKind, {
    readonly breaks: (agent: FakeAgent) => Promise<void> | void;
    readonly says: RegExp;
    readonly ends: (agent: FakeAgent) => Promise<void> | void;
  }>
> = {
  "banned": {
    breaks: async (agent) => {
      const message = "The hotkey (UID 4) is banned by 60 % of the validators' stake";
      await agent.computeWindow({ number: 1, overrides: { reason: { code: "banned", message } } });
    },
    says: /banned by 60 % of the validators' stake\. It wins nothing until the ban ends\. Find out why/,
    ends: async (agent) => void await agent.computeWindow({ number: 2 }),
  },
  "commitment-failed": {
    breaks: (agent) =>
      agent.run("commitment", new Error("no answer from wss://u:key@node.example/v1/secret")),
    says: /checked or published: no answer from wss:\/\/node\.example\/… The bid on the chain counts for 2 h/,
    ends: (agent) => agent.run("commitment"),
  },
  "no-wins": {
    breaks: async (agent) => {
      for (const number of [1, 2, 3]) await agent.computeWindow({ number, ...LOST });
    },
    says: /^Nothing was won in 3 windows in a row; the last reason: /,
    ends: async (agent) => void await agent.computeWindow({ number: 4 }),
  },
  "reload-pending": {
    breaks: (agent) => {
      const reloadPendingSinceMs = agent.nowMs - 31_000;
      agent.route({ reload: "pending", reloadPendingSinceMs, reloadError: "no process has the id 7" });
    },
    says:
      /^\/etc\/ihp\/pools\.toml is written, but .*: no process has the id 7\. The agent retries after 2, 4, 8 … 60 s, until/,
    ends: (agent) => agent.route(),
  },
  "chain-stale": {
    breaks: (agent) => agent.pass(121),
    says: /^No new block since 7999999, 3 min 1 s ago; check the endpoints and the network\.$/,
    ends: (agent) => agent.seeHead(9_000_000),
  },
  "routing-failed": {
    breaks: (agent) => {
      const results = [{
        mode: "ihp",
        path: "/etc/ihp/pools.toml",
        error: "Cannot read it: no such file",
      }] as const;
      agent.observe({ kind: "routed", results });
    },
    says: /^Cannot read it: no such file\.$/,
    ends: (agent) => agent.route(),
  },
  "identity-wrong": {
    breaks: (agent) =>
      agent.route({
        identities: [{ place: 'pools.main[0] "central-proxy"', key: "worker_id", workerId: "mine.rig7" }],
      }),
    says:
      /^pools\.main\[0\] "central-proxy": worker_id is "mine\.rig7", which is not account, hotkey and worker, joined by dots: its hashrate is credited to nobody; write worker_id = "sn89auction\.5Grw\w+\.rig7"\.$/,
    ends: (agent) => agent.route(),
  },
  "tiers-capped": {
    breaks: async (agent) => {
      await agent.computeWindow({ number: 1, text: "2;b;BTC,0.97=0.45:1;BTC,1.02=0.45:1" });
      agent.route();
    },
    says:
      /^0\.9 PH\/s won at 2 prices come from 1 worker id: validators match worker by worker, so at most 0\.45 PH\/s can be credited and 0\.45 PH\/s are not paid; give each machine/,
    ends: async (agent) => {
      await agent.computeWindow({ number: 2 });
      agent.route();
    },
  },
  "pay-short": {
    breaks: (agent) => agent.pay([1, 2, 3, 4, 5, 6].map((epoch) => epochPaid(epoch * 361, 0))),
    says:
      /^For 6 epochs in a row the chain has paid less than 85 % of the share that our results promise: 0 % instead of 1\.25 % on average\. Likely causes: the worker id/,
    ends: (agent) => agent.pay([epochPaid(7 * 361, 0.0125)]),
  },
  "delivery-low": {
    breaks: (agent) => agent.measure({ averagePh: 0.3, ratio: 0.3 / 1.65, level: "alert" }),
    says:
      /^0\.3 PH\/s of 1\.65 PH\/s won are delivered on average \(18\.2 %\): the rest is not paid, and below 10 % of what was won validators ban the hotkey for 12 hours\. Look for ASICs/,
    ends: (agent) => agent.measure(),
  },
  "delivery-unreadable": {
    breaks: (agent) => {
      agent.measure({
        errors: ["no answer from http://proxy.example/secret"],
        unreadableSinceMs: agent.nowMs - 720_001,
      });
    },
    says: /^The delivered hashrate could not be read for 12 min: no answer from http:\/\/proxy\.example\/…/,
    ends: (agent) => agent.measure(),
  },
};

for (const kind of ALERT_KINDS) {
  Deno.test(`activeAlerts() sees ${kind}, and when it is over`, async () => {
    await using agent = new FakeAgent();
    await agent.work();
    agent.pass(60);
    assert.deepEqual(kinds(agent), []);
    const { breaks, says, ends } = CONDITIONS[kind];
    await breaks(agent);
    assert.deepEqual(kinds(agent), [kind]);
    assert.match(textOf(agent, kind), says);
    assert.doesNotMatch(textOf(agent, kind), /secret|key@/);
    await ends(agent);
    assert.deepEqual(kinds(agent), []);
  });
}

Deno.test("activeAlerts() gives a starting agent time", async () => {
  await using agent = new FakeAgent();
  await agent.readSettings();
  agent.pass(119);
  assert.deepEqual(kinds(agent), []);
  agent.pass(1);
  assert.deepEqual(kinds(agent), ["commitment-failed", "chain-stale"]);
  assert.match(textOf(agent, "commitment-failed"), /Has not succeeded yet/);
  assert.match(textOf(agent, "chain-stale"), /No block has been seen yet/);
});

Deno.test("activeAlerts() takes a failure of a starting agent for one", async () => {
  await using agent = new FakeAgent();
  await agent.readSettings();
  agent.run("commitment", new Error("no endpoint answers"));
  assert.deepEqual(kinds(agent), ["commitment-failed"]);
});

Deno.test("activeAlerts() gives a newly followed chain time for its first block", async () => {
  await using agent = new FakeAgent();
  await agent.readSettings();
  agent.run("commitment");
  agent.pass(500);
  const report = agent.telemetry.report();
  const kindsSince = (seconds: number): AlertKind[] => {
    const followedSince = new Date(agent.nowMs - seconds * 1000).toISOString();
    return activeAlerts({ ...report, chain: { ...report.chain, followedSince } }, OPTIONS)
      .map(({ kind }) => kind);
  };
  assert.deepEqual(kindsSince(119), []);
  assert.deepEqual(kindsSince(120), ["chain-stale"]);
});

Deno.test("activeAlerts() says when the bid has expired", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.pass(9_001);
  agent.run("commitment", new Error("no endpoint answers"));
  assert.match(textOf(agent, "commitment-failed"), /The bid on the chain has expired: nothing can be won\.$/);
});

Deno.test("activeAlerts() expects no wins while paused, nor counts the windows of a pause", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  for (const number of [1, 2, 3]) await agent.computeWindow({ number, text: "2;b;" });
  assert.equal(agent.telemetry.report().window?.reason?.code, "withdrawn");
  assert.deepEqual(kinds(agent, { isSelling: false }), []);
  assert.deepEqual(kinds(agent), []);
  for (const number of [4, 5]) await agent.computeWindow({ number, ...LOST });
  assert.deepEqual(kinds(agent), []);
  await agent.computeWindow({ number: 6, ...LOST });
  assert.deepEqual(kinds(agent), ["no-wins"]);
  assert.deepEqual(kinds(agent, { isSelling: false }), []);
  assert.deepEqual(kinds(agent, { noWinWindows: 4 }), []);
});

Deno.test("activeAlerts() expects no wins during a ban, nor counts its windows", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  for (const number of [1, 2, 3]) await agent.computeWindow({ number, ...LOST });
  assert.deepEqual(kinds(agent), ["no-wins"]);
  const reason = { code: "banned", message: "The hotkey is banned" } as const;
  for (const number of [4, 5, 6, 7]) await agent.computeWindow({ number, ...LOST, overrides: { reason } });
  assert.deepEqual(kinds(agent), ["banned"]);
  for (const number of [8, 9]) await agent.computeWindow({ number, ...LOST });
  assert.deepEqual(kinds(agent), []);
  await agent.computeWindow({ number: 10, ...LOST });
  assert.deepEqual(kinds(agent), ["no-wins"]);
  assert.match(textOf(agent, "no-wins"), /in 3 windows in a row/);
});

Deno.test("activeAlerts() has an alert for ASICs that give hashrate away and cannot be sent to their fallback pool", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const [left, , right] = ASICS;
  const problem = { kind: "denied", message: "it denies to be switched" } as const;
  const stuck = { ...right!, found: "subnet", countedHashratePh: 0.9, problem } as const;
  const miners = [left!, stuck];
  const subjects = (): string[] =>
    activeAlerts(agent.telemetry.report(), OPTIONS).map(({ subject }) => subject);
  agent.routeAsics({ miners, wantedHashratePh: 1, coveredHashratePh: 1.8, surplusHashratePh: 0.8 });
  assert.deepEqual(subjects(), [], "it is needed");
  agent.routeAsics({ miners, wantedHashratePh: 0.9, coveredHashratePh: 1.8, surplusHashratePh: 0.9 });
  assert.deepEqual(subjects(), ["asic-stuck"]);
  assert.match(
    textOf(agent, "routing-failed"),
    /^These ASICs .*: right \(192\.168\.1\.23:4028\)\. The agent keeps trying; .* by hand\. it denies to be switched\.$/,
  );
  agent.routeAsics({ removed: [{ ...stuck, name: "gone" }] });
  assert.match(textOf(agent, "routing-failed"), /pool: gone \(192/);
  agent.routeAsics();
  assert.deepEqual(subjects(), []);
});

Deno.test("activeAlerts() lets a reload be retried first", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.route({ reload: "pending", reloadPendingSinceMs: agent.nowMs, reloadError: "gone" });
  agent.pass(30);
  assert.deepEqual(kinds(agent), []);
  agent.pass(1);
  assert.deepEqual(kinds(agent), ["reload-pending"]);
});

Deno.test("activeAlerts() has an alert for each proxy, and one for the ASICs", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.observe({
    kind: "routed",
    results: ["/a", "/b"].map((path) => ({ mode: "ihp" as const, path, error: `Cannot read ${path}` })),
  });
  const subjects = (): string[][] =>
    activeAlerts(agent.telemetry.report(), OPTIONS).map(({ kind, subject }) => [kind, subject]);
  assert.deepEqual(subjects(), [["routing-failed", "/a"], ["routing-failed", "/b"]]);

  agent.routeAsics();
  assert.deepEqual(subjects(), []);
  agent.routeAsics({ coveredHashratePh: 1.2, shortfallHashratePh: 0.45 });
  assert.deepEqual(subjects(), [["routing-failed", "asic"]]);
  assert.match(textOf(agent, "routing-failed"), /^The ASICs cover 1\.2 PH\/s of 1\.65 PH\/s\. All of them/);
});

Deno.test("activeAlerts() says what is done about a chain that is stale", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.observe({ kind: "staleness-checked", isStale: true, isWindowOver: true, policy: "release" });
  assert.match(textOf(agent, "chain-stale"), /^No window could be computed .* released from the subnet/);
  agent.observe({ kind: "staleness-checked", isStale: false, isWindowOver: false, policy: "release" });
  assert.deepEqual(kinds(agent), []);
});

Deno.test("activeAlerts() keeps a delivery that is too low until the next window is judged", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.measure({ averagePh: 1.5, ratio: 0.91, level: "alert" });
  const { firstBlock, index } = await agent.computeWindow({ number: 1 });
  const next = { firstBlock, windowIndex: index };
  agent.measure({ ...next, averagePh: null, ratio: null, level: "unknown" });
  assert.deepEqual(kinds(agent), ["delivery-low"]);
  assert.match(textOf(agent, "delivery-low"), /^1\.5 PH\/s of 1\.65 PH\/s won were delivered/);
  agent.measure({ ...next, level: "ok" });
  assert.deepEqual(kinds(agent), []);
});

Deno.test("activeAlerts() says nothing of how long an empty bid counts", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.checkCommitment(EMPTY);
  agent.run("commitment", new Error("no endpoint answers"));
  assert.match(textOf(agent, "commitment-failed"), /published: no endpoint answers\.$/);
});
