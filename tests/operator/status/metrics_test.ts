import assert from "node:assert/strict";
import { ASICS, FakeAgent, HOOKS_CONFIG, START_MS } from "./fake_agent.ts";

/** The samples of a scrape by name and labels. */
async function scrape(agent: FakeAgent): Promise<Map<string, number>> {
  const lines = (await agent.telemetry.metricsText()).split("\n").filter((line) => /^[^#]/.test(line));
  return new Map(lines.map((line) => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }));
}

Deno.test("Metrics show the window, the bid, the chain and the runs", async () => {
  await using agent = new FakeAgent();
  const window = await agent.work({ cap: "0.01" });
  agent.pass(7);
  agent.run("auction", new Error("x"));
  const samples = await scrape(agent);
  const expected = {
    'ih_miner_job_runs_total{name="auction",result="success"}': 1,
    'ih_miner_job_runs_total{name="auction",result="failure"}': 1,
    'ih_miner_job_duration_seconds_sum{name="auction"}': 2,
    'ih_miner_job_last_success_timestamp_seconds{name="auction"}': START_MS / 1000,
    'ih_miner_job_last_failure_timestamp_seconds{name="auction"}': START_MS / 1000 + 7,
    'ih_miner_windows_total{outcome="partly"}': 1,
    'ih_miner_windows_total{outcome="won"}': 0,
    "ih_miner_window_first_block": window.firstBlock,
    "ih_miner_window_index": window.index,
    "ih_miner_windows_without_win": 0,
    "ih_miner_price_hashp_usdc": 50,
    "ih_miner_budget_cap_ratio": 0.01,
    "ih_miner_commitment_age_seconds": 7,
    "ih_miner_commitments_published_total": 1,
    "ih_miner_chain_head_age_seconds": 7,
    "ih_miner_clock_ahead_seconds": 3,
    "ih_miner_chain_head_block": window.firstBlock + 29,
    'ih_miner_proxy_reloads_total{mode="ihp",result="given"}': 1,
    'ih_miner_proxy_reload_pending{mode="ihp",path="/etc/ihp/pools.toml"}': 0,
    'ih_miner_solver_info{engine="glpk",parity="estimated",build=""}': 1,
    'ih_miner_check_ok{check="chain"}': 1,
    "ih_miner_ready": 1,
    "ih_miner_banned": 0,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
  const won = samples.get("ih_miner_won_hashrate_ph") ?? 0;
  const lost = samples.get("ih_miner_lost_hashrate_ph") ?? 0;
  assert.ok(won > 0.9 && won <= 1.008, String(won));
  assert.equal((won + lost).toFixed(6), "1.650000");
  for (const [name, value] of samples) assert.ok(Number.isFinite(value), name);
});

Deno.test("Metrics have no series for what is not known yet, and begin counters at zero", async () => {
  await using agent = new FakeAgent();
  const samples = await scrape(agent);
  for (
    const name of ["won_hashrate_ph", "chain_head_age_seconds", "commitment_age_seconds", "price_tao_usdc"]
  ) {
    assert.equal(samples.has(`ih_miner_${name}`), false, name);
  }
  assert.equal(samples.get('ih_miner_job_runs_total{name="commitment",result="failure"}'), 0);
  assert.equal(samples.get("ih_miner_ready"), 0);
});

Deno.test("Metrics count a window once, however often it is computed", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  await agent.computeWindow();
  await agent.computeWindow({ number: 1, text: "2;b;" });
  const samples = await scrape(agent);
  assert.equal(samples.get('ih_miner_windows_total{outcome="won"}'), 1);
  assert.equal(samples.get('ih_miner_windows_total{outcome="no-bids"}'), 1);
  assert.equal(samples.get('ih_miner_solver_duration_seconds_count{engine="glpk"}'), 1);
});

Deno.test("Metrics count a provisional window once it is final, or left as it was, and what cbc answered", async () => {
  await using agent = new FakeAgent();
  await agent.work({ overrides: { stage: "provisional" }, own: { lostCount: 5, wonCount: 0 } });
  const before = await scrape(agent);
  assert.equal(before.get("ih_miner_window_final"), 0);
  assert.equal(before.get('ih_miner_windows_total{outcome="lost"}'), 0);
  agent.observe({ kind: "program-answered", result: "changed", seconds: 31, differencePh: 0.45 });
  await agent.computeWindow();
  const after = await scrape(agent);
  assert.equal(after.get("ih_miner_window_final"), 1);
  assert.equal(after.get('ih_miner_windows_total{outcome="won"}'), 1);
  assert.equal(after.get('ih_miner_solver_answers_total{result="changed"}'), 1);
  assert.equal(after.get('ih_miner_solver_answers_total{result="at-once"}'), 0);
  assert.equal(after.get("ih_miner_solver_answer_seconds_sum"), 31);
  assert.equal(after.get("ih_miner_solver_answer_difference_ph_total"), 0.45);

  agent.observe({ kind: "program-answered", result: "failed", seconds: 480, differencePh: 0 });
  await agent.computeWindow({ number: 1, text: "2;b;", overrides: { stage: "provisional" } });
  await agent.computeWindow({ number: 2 });
  const last = await scrape(agent);
  assert.equal(last.get('ih_miner_windows_total{outcome="no-bids"}'), 1);
  assert.equal(last.get('ih_miner_windows_total{outcome="won"}'), 2);
  assert.equal(last.get("ih_miner_solver_answer_seconds_count"), 1, "a failure is no answer");
});

Deno.test("Metrics count failures of endpoints and of the configuration, with no key in a label", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const endpoint = "wss://user:key@node.example/v1/secret";
  agent.observe({ kind: "endpoint-failed", failure: { endpoint, kind: "timeout" } });
  agent.observe({ kind: "settings-failed", error: new Error("x") });
  agent.observe({ kind: "run-skipped", job: "auction" });
  agent.route({ reload: "pending", reloadPendingSinceMs: START_MS });
  const samples = await scrape(agent);
  const expected = {
    'ih_miner_rpc_failures_total{endpoint="wss://node.example/…",kind="timeout"}': 1,
    "ih_miner_config_reload_failures_total": 1,
    'ih_miner_job_runs_skipped_total{name="auction"}': 1,
    'ih_miner_proxy_reloads_total{mode="ihp",result="failed"}': 1,
    'ih_miner_proxy_reload_pending{mode="ihp",path="/etc/ihp/pools.toml"}': 1,
    'ih_miner_check_ok{check="configuration"}': 0,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
  assert.doesNotMatch(await agent.telemetry.metricsText(), /secret|user:/);
});

Deno.test("Metrics leave the labels that Prometheus sets itself alone", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  assert.doesNotMatch(await agent.telemetry.metricsText(), /[{,](job|instance)="/);
});

Deno.test("docs/metrics.md documents each metric with its type, and no other", async () => {
  await using agent = new FakeAgent();
  const text = await agent.telemetry.metricsText();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const docs = await Deno.readTextFile(new URL("../../../docs/metrics.md", import.meta.url));
  const documented = [...docs.matchAll(/^\| `([a-z_]+)(?:\{[^`]*\})?`\s+\| (\w+)\s+\|/gm)]
    .map(([, name, type]) => `${name} ${type}`);
  assert.deepEqual(documented.toSorted(), types.toSorted());
});

Deno.test("Metrics show the ASICs and what is delivered, once enough was measured", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.routeAsics();
  agent.measure({ level: "unknown" });
  const early = await scrape(agent);
  assert.equal(early.get("ih_miner_delivered_average_hashrate_ph"), 1.6335);
  assert.equal(early.has("ih_miner_delivery_ratio"), false);
  agent.measure({ isFinal: true });
  const samples = await scrape(agent);
  const expected = {
    "ih_miner_delivery_ratio": 0.99,
    'ih_miner_deliveries_total{level="ok"}': 1,
    'ih_miner_deliveries_total{level="alert"}': 0,
    "ih_miner_asic_wanted_hashrate_ph": 1.65,
    "ih_miner_asic_covered_hashrate_ph": 1.8,
    "ih_miner_asic_shortfall_hashrate_ph": 0,
    "ih_miner_asic_switches_total": 1,
    'ih_miner_asic_ok{miner="left"}': 1,
    'ih_miner_asic_at_subnet{miner="right"}': 0,
    'ih_miner_asic_hashrate_ph{miner="middle"}': 0.88,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
});

Deno.test("Metrics show what is credited, unpaid and given away, in PH/s and USDC, once enough was measured", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.measureCredit({ rig1: 0.9, rig2: 0.5025 });
  const short = await scrape(agent);
  // 0.2475 PH/s × 50 USDC × 1.02 for 60 of 7200 blocks.
  const expected: Record<string, number> = {
    "ih_miner_credited_hashrate_ph": 1.4025,
    "ih_miner_credited_ratio": 0.85,
    "ih_miner_delivery_unpaid_hashrate_ph": 0.2475,
    "ih_miner_delivery_unpaid_usdc": 0.2475 * 50 * 1.02 * 60 / 7200,
    "ih_miner_delivery_surplus_hashrate_ph": 0,
    'ih_miner_worker_hashrate_ph{worker="rig1"}': 0.9,
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.ok(Math.abs(short.get(name)! - value) < 1e-9, name);
  }
  agent.measureCredit({ rig1: 1.815 });
  const more = await scrape(agent);
  assert.equal(more.get("ih_miner_delivery_surplus_hashrate_ph")?.toFixed(9), "0.165000000");
  assert.equal(more.get("ih_miner_delivery_surplus_usdc")?.toFixed(9), (0.165 * 50 * 60 / 7200).toFixed(9));
  agent.measure({ level: "unknown", surplusPh: null });
  const early = await scrape(agent);
  for (const name of Object.keys(expected)) assert.equal(early.has(name), false, name);
});

Deno.test("Metrics count a window's delivery only where it can be judged", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  agent.measure({ isFinal: true, measuredSeconds: 20, level: "alert" });
  agent.measure({ isFinal: true, level: "unknown", ratio: null, averagePh: null, measuredSeconds: 0 });
  agent.measure({ isFinal: true, wonHashratePh: 0, ratio: null });
  agent.measure({ isFinal: false });
  agent.measure({ isFinal: true, level: "warning" });
  const samples = await scrape(agent);
  const counted = [...samples].filter(([name]) => name.startsWith("ih_miner_deliveries_total"));
  assert.deepEqual(counted.map(([name, value]) => [name.slice(25), value]), [
    ['{level="ok"}', 0],
    ['{level="warning"}', 1],
    ['{level="alert"}', 0],
    ['{level="surplus"}', 0],
  ]);
});

Deno.test("Metrics show hooks, alerts, retried reloads and whether the delivery can be read", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  await agent.readSettings(HOOKS_CONFIG);
  const early = await scrape(agent);
  assert.equal(early.get('ih_miner_hook_calls_total{hook="on_lost",result="failure"}'), 0);
  assert.equal(early.get("ih_miner_webhook_ok"), 1);
  assert.equal(early.has("ih_miner_delivery_readable"), false);
  agent.callHook("on_won", "ended with exit code 1");
  agent.callHook("on_error");
  agent.postAlert("https://hooks.example/services/secret answered 500", true);
  agent.retryReload({ reload: "pending", reloadPendingSinceMs: START_MS });
  agent.retryReload();
  agent.measure({ nowPh: null, unreadableSinceMs: START_MS });
  const samples = await scrape(agent);
  const expected = {
    'ih_miner_hook_calls_total{hook="on_won",result="failure"}': 1,
    'ih_miner_hook_calls_total{hook="on_error",result="success"}': 1,
    'ih_miner_hook_ok{hook="on_won"}': 0,
    'ih_miner_hook_ok{hook="on_error"}': 1,
    'ih_miner_alert_posts_total{result="failure"}': 1,
    "ih_miner_alerts_lost_total": 1,
    "ih_miner_webhook_ok": 0,
    "ih_miner_delivery_readable": 0,
    'ih_miner_proxy_reloads_total{mode="ihp",result="failed"}': 1,
    'ih_miner_proxy_reloads_total{mode="ihp",result="given"}': 2,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
  assert.equal(samples.has('ih_miner_hook_ok{hook="on_lost"}'), false, "it is not configured");
  assert.doesNotMatch(await agent.telemetry.metricsText(), /secret|hooks\.example/);
});

Deno.test("Metrics tell slow ASICs from failing ones, and count those that cannot be sent away", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const [left, middle, right] = ASICS;
  const problem = (
    kind: "slow" | "not-switched",
  ): { readonly kind: typeof kind; readonly message: string } => ({
    kind,
    message: "no",
  });
  agent.routeAsics({
    surplusHashratePh: 0.9,
    miners: [
      { ...left!, countedHashratePh: 0.7, problem: problem("slow") },
      middle!,
      { ...right!, found: "subnet", problem: problem("not-switched") },
    ],
  });
  const samples = await scrape(agent);
  const expected = {
    'ih_miner_asic_ok{miner="left"}': 1,
    'ih_miner_asic_counted_hashrate_ph{miner="left"}': 0.7,
    'ih_miner_asic_nominal_hashrate_ph{miner="left"}': 0.9,
    'ih_miner_asic_ok{miner="right"}': 0,
    "ih_miner_asic_stray_miners": 1,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
});
