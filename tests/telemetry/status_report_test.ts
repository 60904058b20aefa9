import assert from "node:assert/strict";
import { FakeAgent, START_MS } from "./fake_agent.ts";

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
