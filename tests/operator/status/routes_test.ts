import assert from "node:assert/strict";
import { fromDocument } from "../../../src/lib/document.ts";
import { answer, type HttpSources } from "../../../src/operator/status/routes.ts";
import { noticesOf } from "../../../src/operator/status/notices.ts";
import { FakeAgent } from "./fake_agent.ts";

function sourcesOf({ telemetry }: FakeAgent): HttpSources {
  return {
    report: () => telemetry.report(),
    metrics: () => telemetry.metricsText(),
    metricsContentType: "text/plain; version=0.0.4; charset=utf-8",
  };
}

function get(path: string, agent: FakeAgent, method = "GET"): Promise<Response> {
  return answer(new Request(`http://127.0.0.1:9464${path}`, { method }), sourcesOf(agent));
}

Deno.test("answer() serves page, metrics, health, readiness and status, each with its type", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const expected: [string, RegExp, RegExp][] = [
    ["/", /^text\/html/, /<!doctype html>/i],
    ["/?x=1", /^text\/html/, /<!doctype html>/i],
    ["/metrics", /^text\/plain; version=0\.0\.4/, /^ih_miner_ready 1$/m],
    ["/healthz", /^text\/plain/, /^alive\n$/],
    ["/readyz", /^text\/plain/, /^ready\nok {3}configuration: /],
    ["/api/status", /^application\/json/, /"won_hashrate_ph": 1\.65/],
  ];
  for (const [path, type, body] of expected) {
    const response = await get(path, agent);
    assert.equal(response.status, 200, path);
    assert.match(response.headers.get("content-type") ?? "", type);
    assert.match(await response.text(), body);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("answer() says 503 and why while the agent is not ready", async () => {
  await using agent = new FakeAgent();
  const response = await get("/readyz", agent);
  assert.equal(response.status, 503);
  assert.match(await response.text(), /^not ready\n[^]*FAIL auction: Has not succeeded yet\n/);
  assert.equal((await get("/healthz", agent)).status, 200);
});

Deno.test("answer() says of each line of a check whose it is and whether it passes", async () => {
  await using agent = new FakeAgent();
  await agent.work();
  const failed = ["/a.toml", "/b.toml"].map((path) => ({ mode: "ihp", path, error: `no ${path}` }) as const);
  agent.observe({ kind: "routed", results: failed });
  const lines = (await (await get("/readyz", agent)).text()).trimEnd().split("\n");
  const failures = lines.filter((line) => line.startsWith("FAIL"));
  assert.deepEqual(failures, ["FAIL routing: no /a.toml", "FAIL routing: no /b.toml"]);
  for (const line of lines.slice(1)) assert.match(line, /^(ok {2}|warn|FAIL) [a-z]+: /);
});

Deno.test("answer() refuses other methods and other paths", async () => {
  await using agent = new FakeAgent();
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const response = await get("/api/status", agent, method);
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
  }
  for (const path of ["/etc/passwd", "/..%2f", "/metrics/", "/api", "//"]) {
    assert.equal((await get(path, agent)).status, 404, path);
  }
});

Deno.test("answer() gives a status that reads back as the report it was made from", async () => {
  await using agent = new FakeAgent();
  await agent.work({ cap: "0.01" });
  agent.measure({ level: "warning" });
  const { notices, ...document } = await (await get("/api/status", agent)).json();
  const report = agent.telemetry.report();
  assert.deepEqual(fromDocument(document), JSON.parse(JSON.stringify(report)));
  assert.deepEqual(notices, noticesOf(report));
  assert.ok(notices.length > 0);
});
