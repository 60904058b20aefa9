import assert from "node:assert/strict";
import type { DeliveryConfig } from "../../../src/config/delivery.ts";
import { DEFAULT_DELIVERY_LIMITS } from "../../../src/delivery/measured/judgement.ts";
import { join } from "node:path";
import {
  checkAsics,
  checkDelivery,
  checkHooks,
  checkWebhook,
} from "../../../src/operator/check/reach_findings.ts";
import type { RoutingConfig } from "../../../src/config/routing.ts";
import { parseSelector } from "../../../src/delivery/measured/prometheus_text.ts";
import { freePort } from "../../../scripts/scene/free_port.ts";
import {
  FIRMWARE_DIALECTS,
  type MinerServer,
  type MinerServerOptions,
  startMiner,
} from "../../../src/simulator/asic/mod.ts";

const NAMES = ["good", "shut", "off", "short"];

function routingOf(servers: readonly MinerServer[]): RoutingConfig {
  const miners = servers.map(({ host, port }, i) => ({
    name: NAMES[i]!,
    host,
    port,
    hashrateFp18: 10n ** 17n,
    subnetPool: NAMES[i] === "short" ? 7 : 1,
    fallbackPool: 0,
  }));
  return { kind: "on", targets: [], fleet: { miners, share: 1, timeoutMs: 1_000 }, warnings: [] };
}

Deno.test("checkAsics() says of each machine what keeps it from being switched, and switches none", async () => {
  const servers = NAMES.map(() => startMiner({}));
  const [good, shut, off] = servers;
  try {
    good!.miner.usePool(1);
    shut!.miner.fault = { kind: "denied" };
    await off!.stop();
    const { findings, identities } = await checkAsics({ routing: routingOf(servers) });
    const lines = findings.map(({ status, message }) => `${status} ${message}`);
    assert.equal(lines[0], "warn 1 of 4 machines answer and can be switched, 1 at the subnet now");
    assert.deepEqual(lines.filter((line) => line.startsWith("ok ")), [
      "ok good: reports 0.1 of 0.1 PH/s, over 1 min",
      "ok shut: reports 0.1 of 0.1 PH/s, over 1 min",
      "ok short: reports 0.1 of 0.1 PH/s, over 1 min",
    ]);
    const [shutLine, offLine, shortLine, ...rest] = lines.filter((line) => line.startsWith("fail "));
    assert.deepEqual(rest, []);
    assert.match(shutLine!, /^fail shut: .*api-allow/);
    assert.match(offLine!, /^fail off: /);
    assert.match(shortLine!, /^fail short: .*pool/);
    assert.equal(servers.reduce((sum, { miner }) => sum + miner.switchCount, 0), 0);
    assert.deepEqual(identities, [
      { place: "ASIC good, subnet pool", key: "User", workerId: "account.worker" },
      { place: "ASIC shut, subnet pool", key: "User", workerId: "account.worker" },
    ]);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
});

Deno.test("checkAsics() is content with machines of which the firmware does not know the question", async () => {
  const server = startMiner({});
  try {
    server.rewrite = (json) => json.includes("Privileged") ? INVALID_COMMAND : json;
    const { findings } = await checkAsics({ routing: routingOf([server]) });
    assert.deepEqual(findings.map(({ status }) => status), ["ok", "ok"]);
    assert.deepEqual(await checkAsics({ routing: { kind: "off", reason: "none" } }), {
      findings: [],
      identities: [],
    });
  } finally {
    await server.stop();
  }
});

Deno.test("checkAsics() shows each machine's own figure, and warns of machines that count in full without one", async () => {
  const hide = (...fields: string[]) => (json: string): string => {
    const answer = JSON.parse(json);
    for (const field of fields) delete answer.SUMMARY?.[0][field];
    return JSON.stringify(answer);
  };
  const cases: [options: MinerServerOptions, rewrite: (json: string) => string, line: RegExp][] = [
    ...FIRMWARE_DIALECTS.map((dialect): typeof cases[number] => [
      { dialect, hashratePh: 0.099 },
      (json) => json,
      /^ok good: reports 0\.099 of 0\.1 PH\/s, over (1 min|5 s)$/,
    ]),
    [
      {},
      hide("MHS 5s", "MHS 1m", "MHS 5m", "MHS 15m"),
      /^ok good: reports 0\.1 of 0\.1 PH\/s, since its start$/,
    ],
    [
      {},
      (json) => json.replace(/("MHS \w+"):\d+/g, "$1:-nan"),
      /^warn good: its answer to summary has no hashrate of its own, so that it counts with its nominal 0\.1 PH\/s/,
    ],
    [
      {},
      hide("Elapsed"),
      /^warn good: reports 0\.1 of 0\.1 PH\/s, over 1 min, but not how long it has been running \(Elapsed\), so that/,
    ],
    [
      {},
      (json) => json.includes("SUMMARY") ? json.slice(0, -20) : json,
      /^warn good: it does not report its own hashrate \(Cannot parse the answer of 127\S+ to summary: .*\), so that/,
    ],
  ];
  for (const [options, rewrite, line] of cases) {
    await using server = startMiner({ hashratePh: 0.1, ...options });
    server.rewrite = rewrite;
    const { findings: [summary, figure, ...rest] } = await checkAsics({ routing: routingOf([server]) });
    assert.match(summary!.message, /^1 of 1 machines answer and can be switched/);
    assert.match(`${figure?.status} ${figure?.message}`, line);
    assert.equal(figure!.fix !== null, figure!.status === "warn");
    assert.deepEqual(rest, []);
  }
});

const INVALID_COMMAND = JSON.stringify({
  STATUS: [{ STATUS: "E", Code: 14, Msg: "Invalid command" }],
  id: 1,
});

const DELIVERY: DeliveryConfig = {
  account: "sn89auction",
  sources: [],
  workersApis: [],
  limits: DEFAULT_DELIVERY_LIMITS,
};

Deno.test("checkDelivery() reads each metric once, and says what is wrong without the address's secrets", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response('hashrate{pool="a"} 200\n'),
  );
  const url = `http://127.0.0.1:${server.addr.port}/metrics?key=secret`;
  const sources = ["hashrate", "hashrates"].map((name) => ({
    url,
    metric: parseSelector(name)!,
    unit: "TH/s" as const,
  }));
  const [ok, missing] = await checkDelivery({ delivery: { ...DELIVERY, sources } }, null);
  assert.deepEqual([ok?.status, ok?.message], [
    "ok",
    `hashrate at 127.0.0.1:${server.addr.port}: 0.2 PH/s`,
  ]);
  assert.equal(missing?.status, "fail");
  assert.match(missing?.message ?? "", /hashrates/);
  assert.doesNotMatch(JSON.stringify([ok, missing]), /secret/);
});

Deno.test("checkHooks() wants programs that can be run", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-hooks-" });
  try {
    await Deno.writeTextFile(join(folder, "tell"), "#!/bin/sh\n", { mode: 0o700 });
    const programs = { on_won: ["tell", "x"], on_error: [join(folder, "none")] };
    const [won, error] = await checkHooks({ hooks: { programs, timeoutMs: 1 } }, folder);
    assert.deepEqual([won?.status, won?.message], ["ok", `on_won: ${join(folder, "tell")}`]);
    assert.deepEqual([error?.status, error?.check], ["fail", "hook"]);
    assert.match(error?.message ?? "", /^on_error: .*none is not a program/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("checkWebhook() asks the webhook's host, posts nothing, and keeps the address to itself", async () => {
  const requests: string[] = [];
  let status = 404;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    requests.push(`${request.method} ${request.url}`);
    return new Response(null, { status, headers: { location: "/login" } });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  const alertingAt = (host: string): Parameters<typeof checkWebhook>[0] => ({
    alerting: {
      webhook: { url: `http://u:s3cret@${host}/services/s3cret?k=s3cret`, format: "slack" },
      noWinWindows: 5,
    },
  });
  const lines: string[] = [];
  const look = async (host: string): Promise<void> => {
    const [first, ...rest] = await checkWebhook(alertingAt(host));
    assert.deepEqual(rest, []);
    lines.push(`${first?.status} ${first?.check} ${first?.message}`);
  };
  await look(host);
  status = 302;
  await look(host);
  status = 502;
  await look(host);
  await look(`127.0.0.1:${freePort()}`);
  assert.equal(lines[0], lines[1]);
  assert.match(
    lines[0]!,
    new RegExp(`^ok webhook ${host} answers; no alert was posted, so only the host of webhook was tried$`),
  );
  assert.match(lines[2]!, /^warn webhook .* answers, but with HTTP 502; no alert was posted/);
  assert.match(lines[3]!, /^fail webhook 127\.0\.0\.1:\d+ cannot be reached, .*refused/i);
  assert.deepEqual(requests, Array<string>(3).fill(`HEAD http://${host}/`));
  assert.doesNotMatch(lines.join("\n"), /s3cret|services/);
  assert.deepEqual(await checkWebhook({ alerting: null }), []);
});

Deno.test("checkWebhook() does not wait for ever", async () => {
  const late = Promise.withResolvers<Response>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => late.promise);
  const webhook = { url: `http://127.0.0.1:${server.addr.port}/x`, format: "json" } as const;
  const [only] = await checkWebhook({ alerting: { webhook, noWinWindows: 5 } }, 50);
  late.resolve(new Response());
  assert.match(only?.message ?? "", /no answer within 0\.05 s$/);
});
