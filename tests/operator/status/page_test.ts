import assert from "node:assert/strict";
import type { BundledCbc } from "../../../src/auction/solver/cbc/bundled_cbc.ts";
import { renderPage } from "../../../src/operator/status/page.ts";
import { renderTerminal } from "../../../src/operator/status/terminal.ts";
import type { StatusReport } from "../../../src/operator/status/status_report.ts";
import {
  ASICS,
  BRAIINS_VALUES,
  EMPTY,
  epochPaid,
  FakeAgent,
  HOOKS_CONFIG,
  HOTKEY,
  START_MS,
} from "./fake_agent.ts";

/** What a reader sees, on one line. */
function textOf(report: StatusReport): string {
  return renderPage(report, "n").html.replace(/<(style|script)[^]*?<\/\1>/g, "").replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
}

Deno.test("renderPage() shows the window, what was won and routed, the market and the bid on the chain", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.pass(8);
  const text = textOf(agent.telemetry.report());
  for (
    const part of [
      "Ready",
      "5Grwva…utQY on wss://node.example/…, subnet 89",
      "block 30 of 60 ",
      "1.65 PH/s won, 5 workers 0 PH/s lost, 0 workers 0.701 USDC worth, 0.2 alpha 100 % of what we offered; at this rate",
      "0.45 PH/s × 1.02 2 2 0",
      "InfiniteHash Proxy /etc/ihp/pools.toml 1650TH/s pools.main[0] &quot;central-proxy&quot; target_hashrate (was 0TH/s)",
      "Written 8 s ago Reload signal given 8 s ago",
      "Budget 100.799 PH/s Hashprice 50 USDC/PH/day TAO 350 USDC Alpha 0.01 TAO Budget factor 1",
      "2;b;BTC,1.02=0.25:3,0.45:2 5 workers",
      "Age 8 s Renewed in 1 h 11 min Expires in 2 h 29 min",
      "Head 7 999 999 Seen 8 s ago",
    ]
  ) assert.ok(text.includes(part), `${part} is missing in: ${text}`);
});

Deno.test("renderPage() is whole before anything is known", async () => {
  await using agent = new FakeAgent();
  const text = textOf(agent.telemetry.report());
  assert.match(text, /Not ready/);
  assert.match(text, /No window has been computed yet/);
  assert.match(text, /Auction job Has not succeeded yet/);
  assert.doesNotMatch(text, /undefined|NaN|\[object/);
});

Deno.test("renderPage() lets nothing foreign become markup", async () => {
  await using agent = new FakeAgent();
  const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
  await agent.work({
    overrides: { reason: { code: "outbid", message: evil } },
  });
  agent.route({ path: evil, values: [{ key: evil, previous: evil, value: evil }], reloadError: evil });
  agent.checkCommitment({ text: evil });
  agent.run("auction", new Error(evil));
  agent.telemetry.log.error(evil, { [evil]: evil });
  agent.observe({ kind: "endpoint-failed", failure: { endpoint: evil, kind: "timeout" } });
  const { html } = renderPage(agent.telemetry.report(), "n");
  assert.equal(html.match(/<script/g)?.length, 1);
  assert.doesNotMatch(html, /<img|onerror='/);
});

Deno.test("renderPage() allows its own style and script and nothing else, and loads nothing", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const { html, contentSecurityPolicy } = renderPage(agent.telemetry.report(), "abc");
  assert.match(contentSecurityPolicy, /^default-src 'none'; style-src 'nonce-abc'; script-src 'nonce-abc'; /);
  assert.equal(html.match(/nonce="abc"/g)?.length, 2);
  // A style attribute would be blocked, an address would be loaded.
  assert.doesNotMatch(html, /\sstyle="|\son\w+="|(src|href)="(https?:)?\/\//);
  assert.doesNotMatch(html, new RegExp(`${HOTKEY}[^"]*"secret`));
});

Deno.test("renderPage() says first what is wrong", async () => {
  await using agent = new FakeAgent();
  await agent.work({ overrides: { reason: { code: "banned", message: "The hotkey (UID 0) is banned" } } });
  agent.observe({ kind: "staleness-checked", isStale: true, isWindowOver: true, policy: "release" });
  agent.checkCommitment({ action: "up-to-date", ageSeconds: 8_900 });
  agent.pass(200);
  const text = textOf(agent.telemetry.report());
  assert.match(text, /Not ready · 1\.65 PH\/s won · ih-miner/);
  assert.match(text, /Chain No new block since 7999999, 3 min 20 s ago; check the endpoints/);
  assert.match(text, /Bid expired Our bid is 2 h 31 min old and could not be renewed/);
  assert.match(
    text,
    /Auction job No window could be computed .* all hashrate is released .* Banned The hotkey \(UID 0\) is banned/,
  );
});

Deno.test("renderPage() shows the ASICs in the proxy's place, those with problems first", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const problem = {
    kind: "timeout",
    message: "It does not answer within 5 s; look whether it is on",
  } as const;
  const miners = ASICS.map((miner) => miner.name === "right" ? { ...miner, found: null, problem } : miner);
  agent.routeAsics({ miners });
  const text = textOf(agent.telemetry.report());
  assert.match(text, /ASICs 1\.8 of 1\.65 PH\/s 2 of 3 machines at the subnet Surplus 0\.15 PH\/s/);
  assert.match(
    text,
    /Is at right 192\.168\.1\.23:4028 It does not answer.* 0\.88 of 0\.9 PH\/s no answer left /,
  );
  assert.match(text, /ASIC right It does not answer within 5 s/);
  assert.doesNotMatch(text, /Reload signal/);
});

Deno.test("renderPage() shows what is delivered, and complains when it is too little", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.measure();
  assert.match(
    textOf(agent.telemetry.report()),
    /1\.633 PH\/s delivered, 99 % in 4 min, now 1\.7/,
  );
  const low = { averagePh: 0.3, ratio: 0.3 / 1.65, unpaidPh: 1.35, level: "alert" } as const;
  agent.measure({ ...low, errors: ["proxy.lan cannot be read"] });
  const text = textOf(agent.telemetry.report());
  assert.match(
    text,
    /Close to a ban 0\.3 PH\/s of 1\.65 PH\/s won are delivered \(18\.2 %\), on average over 4 min: 1\.35 PH\/s are not paid, about 0\.57 USDC a window; below 10 % of what was won validators ban the hotkey for 12 hours/,
  );
  assert.match(text, /Not measured proxy\.lan cannot be read/);
});

Deno.test("renderPage() shows what is credited, by bid and by worker, and what a shortfall of 15 % costs", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.measureCredit({ rig1: 0.9, rig2: 0.5025 });
  const text = textOf(agent.telemetry.report());
  assert.match(text, /1\.402 PH\/s credited, 85 % in 4 min/);
  assert.match(
    text,
    /Unpaid hashrate 1\.402 PH\/s of 1\.65 PH\/s won are credited \(85 %\), on average over 4 min: 0\.248 PH\/s are not paid, about 0\.11 USDC a window /,
  );
  assert.match(text, /0\.45 PH\/s × 1\.02 2 2 0 0\.9 PH\/s 0\.25 PH\/s × 1\.02 3 3 0 0\.502 PH\/s /);
  assert.match(text, /By worker: rig1 0\.9 PH\/s, rig2 0\.502 PH\/s/);
});

Deno.test("renderPage() shows a surplus of 10 % as given away, and credits under the ban's share as one to come", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.measureCredit({ rig1: 1.815 });
  assert.match(
    textOf(agent.telemetry.report()),
    /Hashrate given away 1\.815 PH\/s are delivered where 1\.65 PH\/s were won \(110 %\), on average over 4 min: 0\.165 PH\/s are given away, about 0\.069 USDC a window /,
  );
  agent.measureCredit({});
  const text = textOf(agent.telemetry.report());
  assert.match(
    text,
    /A ban follows 0 PH\/s of 1\.65 PH\/s won are credited \(0 %\).*; below 10 % of what was won/,
  );
  assert.match(text, /By worker: no worker of ours is known to the proxy/);
});

Deno.test("renderPage() shows how much of an ambiguous outcome is routed, and why", async () => {
  await using agent = new FakeAgent();
  const because = "max(0 certain, 12 % of 1.8 possible) = 0.216 PH/s";
  await agent.work();
  await agent.computeWindow({
    number: 1,
    own: {
      ambiguous: true,
      wonHashratePh: 0,
      certainHashratePh: 0,
      possibleHashratePh: 1.8,
      routedHashratePh: 0.216,
      routedBecause: because,
    },
  });
  assert.ok(
    textOf(agent.telemetry.report()).includes(
      `Ambiguous Other outcomes are equally good: between 0 PH/s and 1.8 PH/s of our hashrate can have won. 0.216 PH/s are routed: ${because} `,
    ),
  );
});

Deno.test("renderPage() and renderTerminal() say what the window is worth, and what is credited of it", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  await agent.readSettings(`[economics]\nalternative = "0.98"\n`);
  // 1.65 PH/s at × 1.02 and 50 USDC per PH/s and day, for 60 of a day's 7200 blocks; an alpha is worth 3.5 USDC.
  const daily = "84.2 USDC a day, 3.3 more than elsewhere (0.98 × the hashprice)";
  const report = agent.telemetry.report();
  assert.ok(textOf(report).includes(`0.701 USDC worth, 0.2 alpha`), textOf(report));
  assert.ok(textOf(report).includes(`at this rate ${daily}`), textOf(report));
  const terminal = renderTerminal(report, { width: 200, colour: false });
  assert.ok(terminal.includes(`worth 0.701 USDC, 0.2 alpha; ${daily}`), terminal);
  agent.measureCredit({ rig1: 0.45 });
  assert.match(
    textOf(agent.telemetry.report()),
    /elsewhere \(0\.98 × the hashprice\); 0\.0546 alpha credited so far/,
  );
});

Deno.test("renderPage() and renderTerminal() say what the chain paid of what was expected, or from when on they can", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.pay([{ ...epochPaid(361, 0.0124), expectedShare: null, verdict: "unknown" }]);
  const early = textOf(agent.telemetry.report()).replaceAll("\u202f", " ");
  assert.match(early, /Last epoch paid 0\.372 alpha, 1\.24 % of the miners.* emission/);
  assert.match(early, /Our results can be compared from block 8 000 870 on/);

  const short = [1, 2, 3, 4, 5, 6].map((epoch) => epochPaid(epoch * 361, 0.01));
  agent.pay(short);
  assert.match(textOf(agent.telemetry.report()), /Our results paid 1 % of 1\.25 % expected/);
  assert.match(
    textOf(agent.telemetry.report()),
    /Paid too little For 6 epochs in a row .*: less hashrate is delivered/,
  );
  const terminal = renderTerminal(agent.telemetry.report(), { width: 200, colour: false });
  assert.match(terminal, /Pay +0\.3 alpha, 1 % of the miners' emission; paid 1 % of 1\.25 % expected/);
  agent.route({ identities: [{ place: "here", key: "worker_id", workerId: "mine.rig7" }] });
  assert.match(textOf(agent.telemetry.report()), /Paid too little .*here: worker_id is .*mine\.rig7/);
  const metrics = await agent.telemetry.metricsText();
  assert.match(metrics, /^ih_miner_pay_short_epochs 6$/m);
  assert.match(metrics, /^ih_miner_pay_ratio 0\.01$/m);
});

Deno.test("renderPage() and renderTerminal() say whether the outcome is final", async () => {
  await using agent = new FakeAgent();
  await agent.work({ overrides: { stage: "provisional" } });
  const report = agent.telemetry.report();
  assert.match(
    textOf(report),
    /Provisional cbc is at work; until it answers, what the built-in engine found is routed/,
  );
  assert.match(textOf(report), /Decided by glpk, an exact optimum, provisional/);
  assert.match(
    renderTerminal(report, { width: 200, colour: false }),
    /Solver +glpk, an exact optimum, provisional/,
  );
  await agent.computeWindow();
  assert.match(textOf(agent.telemetry.report()), /Decided by glpk, an exact optimum, final/);
  assert.doesNotMatch(textOf(agent.telemetry.report()), /Provisional/);
});

Deno.test("renderPage() folds the machines of a large rig", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.routeAsics({ miners: Array.from({ length: 30 }, (_, i) => ({ ...ASICS[0]!, name: `m${i}` })) }, true);
  const text = textOf(agent.telemetry.report());
  assert.match(text, /30 of 30 machines at the subnet/);
  assert.match(text, /m11 .* 18 more Machine .* m12 /);
  assert.match(text, /Reload signal/, "the proxy beside them is shown, too");
});

Deno.test("renderPage() says it once when many machines fail", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const problem = { kind: "timeout", message: "It does not answer" } as const;
  agent.routeAsics({
    miners: Array.from({ length: 4 }, (_, i) => ({ ...ASICS[0]!, name: `m${i}`, problem })),
  });
  const text = textOf(agent.telemetry.report());
  assert.match(
    text,
    /ASICs 4 ASICs do not mine where they should: m0, m1, m2, m3\. First: It does not answer/,
  );
  assert.doesNotMatch(text, /ASIC m0/);
});

Deno.test("renderPage() shows slow machines and those that are no longer configured", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const slow = { kind: "slow", message: "It has 0.72 of 0.9 PH/s and is counted with that" } as const;
  const silent = { kind: "timeout", message: "It does not answer" } as const;
  const [left, , right] = ASICS;
  agent.routeAsics({
    miners: [right!, { ...left!, readingPh: 0.72, countedHashratePh: 0.72, problem: slow }],
    removed: [
      { ...right!, name: "gone" },
      { ...right!, name: "silent", found: null, readingPh: null, problem: silent },
    ],
  }, true);
  const text = textOf(agent.telemetry.report());
  assert.match(
    text,
    /gone 192\S+ No longer in \[asic\], sent to its fallback pool 0\.88 of 0\.9 PH\/s fallback silent /,
  );
  assert.match(text, /No longer in \[asic\], to be sent to its fallback pool It does not answer/);
  assert.match(text, /left 192\S+ It has 0\.72 of .* 0\.72 of 0\.9 PH\/s counts 0\.72 PH\/s subnet right /);
  assert.match(text, /ASIC silent It does not answer ASIC left It has 0\.72/, "both are among the notices");
  assert.doesNotMatch(text, /ASIC gone/);
});

Deno.test("renderPage() says of a delivery what is known of it", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const cases = [
    [
      { level: "unknown", averagePh: null, ratio: null, nowPh: null, measuredSeconds: 0 },
      "unknown",
      "– PH/s delivered, not measured yet",
    ],
    [{ level: "unknown", measuredSeconds: 60 }, "unknown", "99 % in 1 min, now 1.7, too early to judge"],
    [
      { level: "ok", wonHashratePh: 0, averagePh: 0, ratio: null, nowPh: 0 },
      "ok",
      "0 PH/s delivered, nothing to deliver, now 0",
    ],
    [{ level: "warning", averagePh: 1.58, ratio: 0.96 }, "warning", "1.58 PH/s delivered, 96 % in 4 min"],
    [{ nowPh: null, unreadableSinceMs: START_MS }, "ok", "99 % in 4 min, unreadable since 12:00 UTC"],
    [{ isFinal: true, unreadableSinceMs: START_MS }, "ok", "99 % in 4 min, not measured any more"],
    [
      { isFinal: true, level: "unknown", averagePh: null, ratio: null, measuredSeconds: 0 },
      "unknown",
      "– PH/s delivered, not measured",
    ],
  ] as const;
  for (const [overrides, colour, words] of cases) {
    agent.measure(overrides);
    const report = agent.telemetry.report();
    assert.ok(textOf(report).includes(words), words);
    assert.ok(renderPage(report, "n").html.includes(`class="delivered-${colour}" id="delivery"`), words);
  }
});

Deno.test("renderPage() says which hooks fail and that the webhook takes no alerts", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  await agent.readSettings(HOOKS_CONFIG);
  agent.callHook("on_won", "ended with exit code 1");
  for (let i = 0; i < 3; i++) agent.postAlert("https://hooks.example/services/secret answered 500", i === 2);
  agent.pass(90);
  const text = textOf(agent.telemetry.report());
  assert.match(text, /Hook on_won fails 1 min 30 s ago: ended with exit code 1; the log has what it wrote/);
  assert.match(
    text,
    /Webhook does not take alerts 3 times in a row for 1 min 30 s; the last error: https:\/\/hooks\.example\/… answered 500;/,
  );
  assert.match(text, /on_won 1 call \(1 failed\) on_error 0 calls Alerts 3 posts \(3 failed\) , 1 lost/);
  assert.doesNotMatch(text, /secret/);
  agent.callHook("on_won");
  agent.postAlert();
  assert.doesNotMatch(textOf(agent.telemetry.report()), /Hook on_won fails|Webhook does not/);
});

Deno.test("renderPage() says what a withdrawn bid means, and not when it expires", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  await agent.readSettings(
    "",
    undefined,
    (config) => config.replace("[workers]", "[workers]\nenabled = false"),
  );
  const window = { index: 1, firstBlock: 8_000_030, lastBlock: 8_000_089 };
  agent.checkCommitment({ ...EMPTY, countsFrom: { window, beginsAt: "2026-11-23T12:06:00.000Z" } });
  const text = textOf(agent.telemetry.report()).replaceAll("\u202f", " ");
  assert.match(
    text,
    /Withdrawn Nothing is offered \(\[workers\] enabled = false\) Nothing can be won from block 8 000 030 on \(about 12:06 UTC\); what was won until then has to be delivered Published 0 s ago/,
  );
  assert.doesNotMatch(text, /2;b; |Expires in|Renewed in|Bid expired/);
  agent.pass(600);
  const later = textOf(agent.telemetry.report()).replaceAll("\u202f", " ");
  assert.match(later, /Nothing can be won since block 8 000 030 \(4 min ago\) Published/);
  for (const number of [1, 2, 3]) await agent.computeWindow({ number, text: EMPTY.text });
  assert.doesNotMatch(textOf(agent.telemetry.report()), /No wins/, "it is meant");
});

Deno.test("renderPage() marks what a file said before it could no longer be routed to", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const error = "Cannot read /etc/ihp/pools.toml: there is no such file";
  agent.observe({ kind: "routed", results: [{ mode: "ihp", path: "/etc/ihp/pools.toml", error }] });
  assert.match(
    textOf(agent.telemetry.report()),
    /Cannot read \S+ there is no such file 1650TH\/s last known: pools\.main\[0\] \S+ target_hashrate Written/,
  );
  agent.route();
  assert.doesNotMatch(textOf(agent.telemetry.report()), /last known/);
});

Deno.test("renderPage() shows Braiins' weights as shares", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.route({ mode: "braiins", values: BRAIINS_VALUES });
  const text = textOf(agent.telemetry.report());
  assert.match(text, /37\.5 % routing\.goal \S+ hr_weight = 1610612736 \(was 0 %\)/);
  assert.match(text, /62\.5 % routing\.goal \S+ hr_weight = 2684354560 \(was 100 %\)/);
});

Deno.test("renderPage() says which solver is in use, and why the bundled one is not", async () => {
  await using agent = new FakeAgent();
  const solverOf = async (more: string, bundled: BundledCbc | null): Promise<string> => {
    await agent.readSettings(more, HOTKEY, undefined, () => Promise.resolve(bundled));
    return textOf(agent.telemetry.report());
  };
  assert.ok((await solverOf("", null)).includes("solver: glpk (built in)"));
  const configured = await solverOf('[solver]\ncbc = "/opt/cbc"\n', null);
  assert.ok(configured.includes("solver: cbc, not used yet,"), configured);
  const bundled = await solverOf("", { kind: "ready", command: ["/s/solver/cbc"] });
  assert.ok(bundled.includes("solver: cbc, the validators&#39; build (bundled)"), bundled);
  const unusable = await solverOf("", { kind: "unusable", problem: "Cannot unpack it; make room" });
  assert.ok(unusable.includes("Bundled solver unusable Cannot unpack it; make room"), unusable);
  assert.ok(unusable.includes("solver: glpk (built in)"), unusable);
});
