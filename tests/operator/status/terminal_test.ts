import assert from "node:assert/strict";
import { renderTerminal } from "../../../src/operator/status/terminal.ts";
import { ASICS, BRAIINS_VALUES, EMPTY, FakeAgent, HOOKS_CONFIG } from "./fake_agent.ts";

const plain = { width: 100, colour: false };

Deno.test("renderTerminal() shows the window, the bids, the proxy and the facts", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.pass(8);
  const text = renderTerminal(agent.telemetry.report(), plain).replaceAll("\u202f", " ");
  for (
    const part of [
      "ready, up 8 s, 5Grwva…utQY on wss://node.example/…, subnet 89\n",
      "Window 0  blocks 7 999 970 to 8 000 029\n████████████████████░░░░░░░░░░░░░░░░░░░░  block 30 of 60, 6 min 4 s left\n",
      "won 1.65 PH/s (5 workers), lost 0 PH/s (0 workers), 100 % of what we offered\n    0.45 PH/s at × 1.02: 2 of 2 won\n",
      'InfiniteHash Proxy  /etc/ihp/pools.toml\n  1650TH/s  pools.main[0] "central-proxy" target_hashrate\n',
      "  written 8 s ago, reload given 8 s ago, checked 8 s ago\n",
      "Bid         2;b;BTC,1.02=0.25:3,0.45:2, 8 s old, expires in 2 h 29 min\n",
      "Auction     succeeded 8 s ago, 1 run\n",
    ]
  ) assert.ok(text.includes(part), `${part} is missing in:\n${text}`);
  assert.doesNotMatch(text, /undefined|NaN|\[object/);
});

Deno.test("renderTerminal() puts what is wrong first, and survives knowing nothing", async () => {
  await using agent = new FakeAgent();
  const nothing = renderTerminal(agent.telemetry.report(), plain);
  assert.match(nothing, /^ih-miner \S+ not ready, up 0 s\n\n✗ Configuration: Has not been read yet\n/);
  assert.match(nothing, /No window has been computed yet/);
  assert.doesNotMatch(nothing, /undefined|NaN|\[object/);
});

Deno.test("renderTerminal() draws the share won in the last windows", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  await agent.computeWindow({ number: 1, cap: "0.0001" });
  await agent.computeWindow({ number: 2, text: "2;b;" });
  assert.match(
    renderTerminal(agent.telemetry.report(), plain),
    /^█▁· {2}share won in the last 3 windows; 0\.55 PH\/s on average$/m,
  );
});

Deno.test("renderTerminal() lets no foreign text move the cursor, and colours only when it may", async () => {
  await using agent = new FakeAgent();
  const evil = "\x1b[2J\x1b]0;owned\x07\r\nline\x9b31m";
  await agent.work();
  agent.route({ path: evil, values: [{ key: evil, previous: null, value: evil }] });
  agent.checkCommitment({ text: evil });
  agent.telemetry.log.error(evil, { [evil]: evil });
  agent.run("auction", new Error(evil));
  agent.observe({ kind: "settings-failed", error: new Error(evil) });
  agent.observe({ kind: "endpoint-failed", failure: { endpoint: evil, kind: "timeout" } });
  const report = agent.telemetry.report();
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  assert.doesNotMatch(renderTerminal(report, plain), /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  const rest = renderTerminal(report, { ...plain, colour: true }).replaceAll(/\x1b\[\d+m/g, "");
  assert.equal(rest, renderTerminal(report, plain));
});

Deno.test("renderTerminal() keeps events within the width", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.telemetry.log.info("Long", { text: "x".repeat(500) });
  const line = renderTerminal(agent.telemetry.report(), { width: 60, colour: false }).split("\n")
    .find((line) => line.includes("Long"));
  assert.equal(line?.length, 60);
});

Deno.test("renderTerminal() shows ASICs and what they deliver", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.routeAsics({ coveredHashratePh: 0.9, shortfallHashratePh: 0.75, surplusHashratePh: 0 });
  agent.measure({ nowPh: null });
  const text = renderTerminal(agent.telemetry.report(), plain);
  assert.match(text, /^delivered 1\.633 PH\/s, 99 % in 4 min$/m);
  assert.match(
    text,
    /^ASICs {2}0\.9 PH\/s cover 1\.65 PH\/s, 0\.75 PH\/s short\n {2}left {4}subnet, says 0\.88 of 0\.9 PH\/s$/m,
  );
  assert.match(text, /^ {2}right {3}fallback, /m);
  assert.doesNotMatch(text, /undefined|NaN|\[object|Nothing has been routed/);
});

Deno.test("renderTerminal() shows what is credited, and by which workers", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.measureCredit(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`rig${i}`, 0.2])));
  const text = renderTerminal(agent.telemetry.report(), plain);
  assert.match(text, /^credited 1\.6 PH\/s, 97 % in 4 min, 1\.7 delivered now$/m);
  assert.match(text, /^ {2}by worker: rig0 0\.2 PH\/s, .*, rig4 0\.2 PH\/s and 3 more workers$/m);
});

Deno.test("renderTerminal() shows slow and removed machines, hooks and alerts", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  await agent.readSettings(HOOKS_CONFIG);
  const slow = { kind: "slow", message: "It is slow" } as const;
  const [left, , right] = ASICS;
  agent.routeAsics({
    miners: [{ ...left!, readingPh: 0.72, countedHashratePh: 0.72, problem: slow }],
    removed: [{ ...right!, name: "gone" }],
  });
  agent.measure({ wonHashratePh: 0, averagePh: 0, nowPh: 0, ratio: null });
  agent.callHook("on_won", "ended with exit code 1");
  agent.postAlert("it is off", true);
  const text = renderTerminal(agent.telemetry.report(), plain);
  assert.match(
    text,
    /^ {2}gone {2}fallback, says 0\.88 of 0\.9 PH\/s, no longer in \[asic\], sent to its fallback pool$/m,
  );
  assert.match(text, /^ {2}left {2}subnet, says 0\.72 of 0\.9 PH\/s, counts 0\.72 PH\/s {2}!$/m);
  assert.match(text, /^! Hook on_won fails: 0 s ago: ended with exit code 1;/m);
  assert.match(text, /^! Webhook does not take alerts: 0 s ago: it is off;/m);
  assert.match(text, /^delivered 0 PH\/s, nothing to deliver, now 0$/m);
  assert.match(
    text,
    /^on_won {6}1 call, 1 failed\non_error {4}0 calls\nAlerts {6}1 post, 1 failed, 1 lost$/m,
  );
});

Deno.test("renderTerminal() gives each of several problems its line, and marks values that are not of now", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const errors = ["/a.toml", "/b.toml"].map((path) => ({ path, error: `Cannot read ${path}; correct it` }));
  agent.routeProxies([{ path: "/a.toml" }, { path: "/b.toml" }]);
  agent.observe({ kind: "routed", results: errors.map((each) => ({ mode: "ihp", ...each })) });
  const text = renderTerminal(agent.telemetry.report(), plain);
  assert.match(
    text,
    /^✗ Routing: Cannot read \/a\.toml; correct it\n {11}Cannot read \/b\.toml; correct it\n\n/m,
  );
  assert.match(
    text,
    /^InfiniteHash Proxy {2}\/a\.toml\n {2}Cannot read \/a\.toml; correct it\n {2}last known: 1650TH\/s {2}pools/m,
  );
});

Deno.test("renderTerminal() shows Braiins' weights as shares, and a withdrawn bid in words", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.route({ mode: "braiins", values: BRAIINS_VALUES });
  await agent.readSettings(
    "",
    undefined,
    (config) => config.replace("[workers]", "[workers]\nenabled = false"),
  );
  agent.checkCommitment(EMPTY);
  const text = renderTerminal(agent.telemetry.report(), plain);
  assert.match(text, /^ {2}37\.5 % {2}routing\.goal "InfiniteHashLuxorGoal" hr_weight = 1610612736$/m);
  assert.match(
    text,
    /^Bid {9}withdrawn: nothing is offered \(\[workers\] enabled = false\)\n {12}nothing can be won$/m,
  );
  assert.doesNotMatch(text, /2;b;|expires/);
});
