import assert from "node:assert/strict";
import type { CommitmentResult } from "../../../src/agent/jobs/commitment_job.ts";
import type { StatusReport } from "../../../src/operator/status/status_report.ts";
import { noticesOf } from "../../../src/operator/status/notices.ts";
import { Telemetry } from "../../../src/operator/status/telemetry.ts";
import { HostClock } from "../../../src/lib/clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { MAX_HISTORY_WINDOWS } from "../../../src/operator/status/agent_status.ts";
import { BID, EMPTY, FakeAgent, HOOKS_CONFIG, START_MS } from "./fake_agent.ts";

Deno.test("reportStatus() counts down the window by the head and the time since it", async () => {
  await using agent = new FakeAgent();
  const window = await agent.work();
  const blocks = window.lastBlock - window.firstBlock + 1;
  const before = agent.telemetry.report().window;
  assert.deepEqual([before?.blocksDone, before?.blocks], [30, blocks]);
  assert.equal(before?.secondsLeft, (blocks - 29) * 12);

  agent.pass(5);
  const later = agent.telemetry.report().window;
  assert.equal(later?.secondsLeft, (blocks - 29) * 12 - 5);
  assert.equal(later?.endsAt, new Date(START_MS + (blocks - 29) * 12_000).toISOString());

  agent.seeHead(window.lastBlock + 1);
  const over = agent.telemetry.report().window;
  assert.deepEqual([over?.isOver, over?.blocksDone, over?.secondsLeft], [true, blocks, 0]);
});

for (const hours of [-10, 10]) {
  Deno.test(`reportStatus() has ages and times right when the host's clock steps by ${hours} h`, async () => {
    await using agent = new FakeAgent();
    await agent.readSettings(HOOKS_CONFIG);
    await agent.work();
    agent.measure();
    agent.callHook("on_result", "exit code 1");
    agent.run("commitment", new Error("no endpoint answers"));
    const before = agent.telemetry.report();
    agent.step(hours);
    agent.pass(30);
    const after = agent.telemetry.report();
    const nowMs = START_MS + 30_000 + hours * 3_600_000;
    assert.equal(Date.parse(after.now), nowMs);
    assert.deepEqual(
      [after.uptimeSeconds, after.chain.headAgeSeconds, after.jobs[0]?.lastSuccessSecondsAgo],
      [before.uptimeSeconds, before.chain.headAgeSeconds, before.jobs[0]?.lastSuccessSecondsAgo]
        .map((seconds) => seconds! + 30),
    );
    assert.equal(after.commitment?.ageSeconds, before.commitment!.ageSeconds! + 30);
    assert.equal(after.window?.secondsLeft, before.window!.secondsLeft - 30);
    assert.equal(Date.parse(after.window!.endsAt), nowMs + after.window!.secondsLeft * 1000);
    const times = (report: StatusReport): (string | null | undefined)[] => [
      report.startedAt,
      report.window?.computedAt,
      report.window?.routedAt,
      report.commitment?.checkedAt,
      report.commitment?.publishedAt,
      report.chain.followedSince,
      report.chain.headSeenAt,
      report.delivery?.since,
      report.hooks[0]?.failing?.since,
      ...report.jobs.flatMap(({ lastSuccessAt, failing }) => [lastSuccessAt, failing?.since]),
      ...report.proxies.flatMap(({ checkedAt, writtenAt, reloadedAt }) => [checkedAt, writtenAt, reloadedAt]),
      ...report.events.map(({ at }) => at),
    ];
    const agesMs = (report: StatusReport): number[] =>
      times(report).map((time) => Date.parse(report.now) - Date.parse(time ?? report.now));
    assert.deepEqual(agesMs(after), agesMs(before).map((age, i) => times(before)[i] ? age + 30_000 : 0));
    assert.ok(after.ready);
  });
}

Deno.test("reportStatus() corrects what it saw in 1970 once the host's clock is set", async () => {
  const host = { monotonicMs: 0, setMs: 0 };
  const clock = new HostClock(() => host.monotonicMs + host.setMs, () => host.monotonicMs);
  await using telemetry = new Telemetry({ log: new LogRecorder(), clock });
  telemetry.observe({ kind: "head-seen", blockNumber: 7, endpoint: "ws://node.example" });
  assert.equal(telemetry.report().chain.headSeenAt, "1970-01-01T00:00:00.000Z");
  host.setMs = START_MS;
  host.monotonicMs = 60_000;
  const { now, uptimeSeconds, chain: { headSeenAt, headAgeSeconds } } = telemetry.report();
  assert.deepEqual(
    [Date.parse(now), uptimeSeconds, Date.parse(headSeenAt!), headAgeSeconds],
    [START_MS + 60_000, 60, START_MS, 60],
  );
});

for (
  const [headAgeSeconds, notice] of [
    [-30, null],
    [-36_000, "It is 10 h behind the chain's; check the time synchronisation with timedatectl"],
    [30, null],
    [
      36_006,
      "It is 10 h ahead of the chain's, or the node lags behind; check the time synchronisation with timedatectl",
    ],
    [null, null],
  ] as const
) {
  Deno.test(`noticesOf() says ${notice === null ? "nothing" : "what is wrong"} with a head that is ${headAgeSeconds} s old`, async () => {
    await using agent = new FakeAgent();
    await agent.readSettings();
    await agent.work({ headAgeSeconds });
    assert.equal(agent.telemetry.report().chain.clockAheadSeconds, headAgeSeconds);
    assert.equal(clockNotice(agent), notice);
  });
}

Deno.test("noticesOf() notices at once that the host's clock was set wrong, or right", async () => {
  await using agent = new FakeAgent();
  await agent.readSettings();
  await agent.work({ overrides: { stage: "provisional" } });
  agent.step(-10);
  assert.match(clockNotice(agent) ?? "", /^It is 9 h 59 min behind the chain's/);
  await agent.computeWindow();
  assert.match(clockNotice(agent) ?? "", /^It is 9 h 59 min behind/, "a final outcome compares nothing anew");
  agent.step(10);
  assert.equal(clockNotice(agent), null);
  agent.step(-START_MS / 3_600_000);
  assert.match(clockNotice(agent) ?? "", /^It shows 1970-01-01 00:00 UTC, so it has not been set/);
});

function clockNotice(agent: FakeAgent): string | null {
  return noticesOf(agent.telemetry.report()).find(({ title }) => title === "Host's clock")?.text ?? null;
}

Deno.test("reportStatus() says of each bid what was offered and won", async () => {
  await using agent = new FakeAgent();
  await agent.work({ cap: "0.01" });
  const { window, windowsWithoutWin } = agent.telemetry.report();
  assert.equal(windowsWithoutWin, 0);
  assert.deepEqual(
    window?.bids.map(({ hashratePh, price, offered }) => [hashratePh, price, offered]),
    [["0.45", "1.02", 2], ["0.25", "1.02", 3]],
  );
  const won = window?.bids.reduce((sum, bid) => sum + bid.won * Number(bid.hashratePh), 0);
  assert.equal(won?.toFixed(3), window?.wonHashratePh.toFixed(3));
  assert.ok(won !== undefined && won > 0 && won <= 1.008);
});

Deno.test("reportStatus() remembers MAX_HISTORY_WINDOWS windows, the newest", async () => {
  await using agent = new FakeAgent();
  const first = await agent.work();
  for (let number = 1; number <= MAX_HISTORY_WINDOWS; number++) await agent.computeWindow({ number });
  const { history } = agent.telemetry.report();
  assert.equal(history.length, MAX_HISTORY_WINDOWS);
  assert.ok(history[0]!.firstBlock > first.firstBlock);
});

Deno.test("reportStatus() remembers the windows, each once, and counts those without a win", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  await agent.computeWindow({ number: 1, cap: "0.0001" });
  await agent.computeWindow({ number: 2, cap: "0.0001" });
  await agent.computeWindow({ number: 2, cap: "0.0001" });
  const { history, windowsWithoutWin } = agent.telemetry.report();
  assert.deepEqual(history.map(({ wonWorkers, routedAt }) => [wonWorkers, routedAt !== null]), [
    [5, true],
    [0, false],
    [0, false],
  ]);
  assert.equal(windowsWithoutWin, 2);
  assert.equal(history.at(-1)?.reason?.code, "cost-above-cap");
});

Deno.test("reportStatus() keeps routing and delivery of a window whose outcome is confirmed, not of one that changes", async () => {
  await using agent = new FakeAgent();
  await agent.work({ overrides: { stage: "provisional" } });
  agent.measure();
  const { window: provisional } = agent.telemetry.report();
  assert.equal(provisional?.stage, "provisional");
  agent.pass(30);
  await agent.computeWindow();
  const { window, delivery } = agent.telemetry.report();
  assert.deepEqual([window?.stage, window?.routedAt], ["final", provisional?.routedAt]);
  assert.notEqual(delivery, null);
  await agent.computeWindow({ own: { routedHashratePh: 0.2 } });
  assert.equal(agent.telemetry.report().window?.routedAt, null);
});

Deno.test("reportStatus() forgets the windows of another hotkey", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  await agent.readSettings("", "5Other");
  const { history, window, commitment, identity } = agent.telemetry.report();
  assert.deepEqual([history, window, commitment, identity?.hotkey], [[], null, null, "5Other"]);
});

Deno.test("reportStatus() ages the bid on the chain from when it was looked at", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.pass(100);
  assert.equal(agent.telemetry.report().commitment?.ageSeconds, 100);
  const published = agent.telemetry.report().commitment?.publishedAt;
  agent.checkCommitment({ action: "up-to-date", ageSeconds: 96 });
  agent.pass(4);
  const { commitment } = agent.telemetry.report();
  assert.deepEqual(
    [commitment?.ageSeconds, commitment?.renewalInSeconds, commitment?.expiresInSeconds],
    [100, 4220, 8900],
  );
  assert.equal(commitment?.publishedAt, published);
});

Deno.test("reportStatus() keeps when a proxy was last written and told, through looks that change nothing", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.pass(60);
  agent.route({ changed: false, reload: "not-needed" });
  const [proxy] = agent.telemetry.report().proxies;
  assert.deepEqual([proxy?.writtenAt, proxy?.reloadedAt], Array(2).fill(new Date(START_MS).toISOString()));
  assert.equal(proxy?.checkedAt, new Date(START_MS + 60_000).toISOString());
});

Deno.test("reportStatus() adds up failures of jobs and endpoints, and shows no keys", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.run("auction", new Error("one"));
  agent.run("auction", new Error("two"));
  for (const kind of ["timeout", "unreachable"] as const) {
    agent.observe({ kind: "endpoint-failed", failure: { endpoint: "wss://node.example/v1/secret", kind } });
  }
  agent.telemetry.log.error("Auction failed", { error: "at wss://node.example/v1/secret" });
  const report = agent.telemetry.report();
  const [auction, commitment] = report.jobs;
  assert.deepEqual([auction?.runs, auction?.failures, auction?.failing?.times], [3, 2, 2]);
  assert.equal(commitment?.failing, null);
  assert.deepEqual(
    report.chain.endpoints.map(({ endpoint, failures, lastKind }) => [endpoint, failures, lastKind]),
    [["wss://node.example/…", 2, "unreachable"]],
  );
  assert.doesNotMatch(JSON.stringify(report), /secret|user:|abc/);
  agent.run("auction");
  assert.equal(agent.telemetry.report().jobs[0]?.failing, null);
});

Deno.test("reportStatus() keeps what was delivered of each window, and reports that of the present one", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.measure({ isFinal: true, averagePh: 1.5, ratio: 0.909, level: "alert" });
  const next = await agent.computeWindow({ number: 1 });
  assert.equal(agent.telemetry.report().delivery, null);
  agent.measure({ firstBlock: next.firstBlock, windowIndex: next.index });
  const { history, delivery } = agent.telemetry.report();
  assert.deepEqual(
    history.map(({ deliveredHashratePh, deliveryLevel }) => [deliveredHashratePh, deliveryLevel]),
    [[1.5, "alert"], [1.6335, "ok"]],
  );
  assert.equal(delivery?.averagePh, 1.6335);
});

Deno.test("reportStatus() says how hooks and webhook do, with no key, and forgets it when they are changed", async () => {
  await using agent = new FakeAgent();
  await agent.readSettings(HOOKS_CONFIG);
  const none = { calls: 0, failures: 0, failing: null };
  const fresh = agent.telemetry.report();
  assert.deepEqual(fresh.hooks, [{ hook: "on_won", ...none }, { hook: "on_error", ...none }]);
  assert.deepEqual(fresh.webhook, { ...none, lost: 0 });

  agent.callHook("on_won");
  agent.callHook("on_won", "ended with exit code 1");
  agent.postAlert("https://hooks.example/services/secret answered 500");
  agent.pass(5);
  agent.callHook("on_won", "ended with exit code 2");
  agent.postAlert("https://hooks.example/services/secret answered 502", true);
  const failing = agent.telemetry.report();
  const since = new Date(START_MS).toISOString();
  assert.deepEqual(failing.hooks[0], {
    hook: "on_won",
    calls: 3,
    failures: 2,
    failing: { since, times: 2, error: "ended with exit code 2" },
  });
  assert.deepEqual(failing.webhook, {
    calls: 2,
    failures: 2,
    lost: 1,
    failing: { since, times: 2, error: "https://hooks.example/… answered 502" },
  });
  assert.doesNotMatch(JSON.stringify(failing), /secret/);

  await agent.readSettings(HOOKS_CONFIG);
  assert.equal(agent.telemetry.report().hooks[0]?.calls, 3, "read again, it is the same");
  await agent.readSettings(HOOKS_CONFIG.replace("bin/tell", "bin/told").replace("services", "others"));
  assert.deepEqual(agent.telemetry.report().hooks[0], { hook: "on_won", ...none });
  assert.deepEqual(agent.telemetry.report().webhook, { ...none, lost: 0 });
  await agent.readSettings();
  const { hooks, webhook } = agent.telemetry.report();
  assert.deepEqual([hooks, webhook], [[], null]);
});

Deno.test("reportStatus() shows at once what came of a reload that was tried again", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const owed = { reload: "pending", reloadPendingSinceMs: START_MS } as const;
  agent.route({ ...owed, changed: false, reloadError: "first reason" });
  agent.pass(2);
  agent.retryReload({ ...owed, reloadError: "second reason" });
  const [pending] = agent.telemetry.report().proxies;
  assert.deepEqual([pending?.reload, pending?.reloadError], ["pending", "second reason"]);
  assert.equal(pending?.reloadedAt, new Date(START_MS).toISOString());
  agent.pass(4);
  agent.retryReload();
  const [given] = agent.telemetry.report().proxies;
  assert.deepEqual([given?.reload, given?.reloadError, given?.reloadPendingSince], ["touched", null, null]);
  assert.equal(given?.reloadedAt, new Date(START_MS + 6_000).toISOString());
  assert.equal(given?.values[0]?.value, "1650TH/s", "what was routed stays");
  agent.pass(1);
  agent.retryReload({ reload: "not-needed" });
  assert.equal(agent.telemetry.report().proxies[0]?.reloadedAt, given?.reloadedAt);
});

Deno.test("reportStatus() shows a reload that a former run left, before anything was routed", async () => {
  await using agent = new FakeAgent();
  await agent.readSettings();
  agent.retryReload({ reload: "not-needed" });
  assert.deepEqual(agent.telemetry.report().proxies, [], "nothing is known of it");
  agent.retryReload({ reload: "pending", reloadPendingSinceMs: START_MS, reloadError: "no such folder" });
  const [proxy] = agent.telemetry.report().proxies;
  assert.deepEqual([proxy?.path, proxy?.reloadError, proxy?.values], [
    "/etc/ihp/pools.toml",
    "no such folder",
    [],
  ]);
});

for (
  const [what, sinceMs, hours, ageSeconds] of [
    ["a minute old", START_MS - 60_000, 0, 60],
    ["ten hours in the future", START_MS + 36e6, 0, 0],
    ["of 1970", 90_000, 0, 0],
    ["a minute old after the clock was set back by 10 h", START_MS - 36e6 - 60_000, -10, 60],
    ["a minute old after the clock was set ahead by 10 h", START_MS + 36e6 - 60_000, 10, 60],
  ] as const
) {
  Deno.test(`reportStatus() counts the age of a pending reload whose journal is ${what}`, async () => {
    await using agent = new FakeAgent();
    await agent.readSettings();
    agent.step(hours);
    const pending = (): void =>
      agent.retryReload({ reload: "pending", reloadPendingSinceMs: sinceMs, reloadError: "gone" });
    const age = (): number => {
      const { now, proxies } = agent.telemetry.report();
      return (Date.parse(now) - Date.parse(proxies[0]!.reloadPendingSince!)) / 1000;
    };
    pending();
    assert.equal(age(), ageSeconds);
    agent.step(10);
    agent.pass(20);
    pending();
    assert.equal(age(), ageSeconds + 20);
    agent.step(-20);
    agent.pass(20);
    pending();
    assert.equal(age(), ageSeconds + 40);
  });
}

Deno.test("reportStatus() restarts the time a chain is followed for another network, not for another hotkey", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.pass(60);
  await agent.readSettings("", "5Other");
  const same = agent.telemetry.report().chain;
  assert.equal(same.followedSince, new Date(START_MS).toISOString());
  assert.notEqual(same.headNumber, null);
  await agent.readSettings("", "5Other", (config) => config.replace("node.example", "other.example"));
  const { chain } = agent.telemetry.report();
  assert.deepEqual([chain.followedSince, chain.headNumber], [
    new Date(START_MS + 60_000).toISOString(),
    null,
  ]);
});

Deno.test("reportStatus() says since when the delivery cannot be read", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.measure();
  assert.equal(agent.telemetry.report().delivery?.unreadableSince, null);
  agent.measure({ nowPh: null, unreadableSinceMs: START_MS, errors: ["it is off"] });
  assert.equal(agent.telemetry.report().delivery?.unreadableSince, new Date(START_MS).toISOString());
});

Deno.test("reportStatus() takes a window for routed once no reload is pending", async () => {
  await using agent = new FakeAgent();
  await agent.readSettings();
  await agent.computeWindow();
  const routedAt = (): string | null | undefined => agent.telemetry.report().window?.routedAt;
  const owed = { reload: "pending", reloadPendingSinceMs: START_MS, reloadError: "no such folder" } as const;
  const both = ["/a.toml", "/b.toml"];
  agent.routeProxies(both.map((path) => ({ path, ...owed })));
  assert.equal(routedAt(), null);
  agent.pass(2);
  agent.retryReload({ path: "/a.toml" });
  assert.equal(routedAt(), null, "the other one is pending");
  agent.retryReload({ path: "/b.toml", ...owed });
  assert.equal(routedAt(), null);
  agent.pass(4);
  agent.retryReload({ path: "/b.toml" });
  assert.equal(routedAt(), new Date(START_MS + 6_000).toISOString());
});

Deno.test("reportStatus() takes a reload for a former window's when a new one was not routed yet", async () => {
  await using agent = new FakeAgent();
  await agent.readSettings();
  await agent.computeWindow();
  agent.route({ reload: "pending", reloadPendingSinceMs: START_MS, reloadError: "no such folder" });
  await agent.computeWindow({ number: 1 });
  agent.retryReload();
  assert.deepEqual(agent.telemetry.report().history.map(({ routedAt }) => routedAt), [null, null]);
});

Deno.test("reportStatus() keeps from when on nothing can be won through the renewals of an empty bid", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  assert.equal(agent.telemetry.report().commitment?.withdrawn, null);
  const paused = (config: string): string => config.replace("[workers]", "[workers]\nenabled = false");
  await agent.readSettings("", undefined, paused);
  assert.equal(agent.telemetry.report().commitment?.withdrawn, null, "the bid on the chain is still there");
  const effect = (firstBlock: number, beginsAt: string): CommitmentResult["countsFrom"] => ({
    window: { index: 1, firstBlock, lastBlock: firstBlock + 59 },
    beginsAt,
  });
  const first = effect(8_000_030, "2026-11-23T12:06:00.000Z");
  agent.checkCommitment({ ...EMPTY, currentText: BID, countsFrom: first });
  const withdrawn = {
    why: "[workers] enabled = false",
    fromBlock: 8_000_030,
    from: "2026-11-23T12:06:00.000Z",
  };
  assert.deepEqual(agent.telemetry.report().commitment?.withdrawn, withdrawn);
  assert.equal(agent.telemetry.report().commitment?.expiresInSeconds, null, "nothing is lost by that");
  const renewal = {
    ...EMPTY,
    reason: "renewal",
    currentText: EMPTY.text,
    countsFrom: effect(8_000_390, "2026-11-23T13:18:00.000Z"),
  } as const;
  agent.checkCommitment(renewal);
  assert.deepEqual(agent.telemetry.report().commitment?.withdrawn, withdrawn);
  const second = effect(8_000_750, "2026-11-23T14:30:00.000Z");
  agent.checkCommitment({ ...EMPTY, currentText: BID, countsFrom: second });
  assert.equal(
    agent.telemetry.report().commitment?.withdrawn?.fromBlock,
    8_000_750,
    "somebody else had published a bid meanwhile",
  );
  await agent.readSettings();
  assert.equal(agent.telemetry.report().commitment?.withdrawn?.why, null, "no longer because of that");
  agent.checkCommitment();
  assert.equal(agent.telemetry.report().commitment?.withdrawn, null);

  await using restarted = new FakeAgent();
  await restarted.readSettings(
    "",
    undefined,
    (config) => config.replace(/worker_sizes = .*/, "hashrates = []"),
  );
  restarted.checkCommitment(renewal);
  assert.deepEqual(restarted.telemetry.report().commitment?.withdrawn, {
    why: "[workers] lists none",
    fromBlock: null,
    from: null,
  });
});
