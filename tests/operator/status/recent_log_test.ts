import assert from "node:assert/strict";
import { LogRecorder } from "../../support/log_recorder.ts";
import { RecentLog } from "../../../src/operator/status/recent_log.ts";

Deno.test("RecentLog keeps what passes through to the log, newest first, and not at level debug", () => {
  const recorder = new LogRecorder();
  let nowMs = 0;
  const recent = new RecentLog(() => nowMs++);
  const log = recent.listenTo(recorder).with({ run_id: "ab", job: "auction" });
  log.info("One", { count: 2n, nothing: undefined });
  log.debug("Hidden");
  log.error("Two", { error: new Error("at wss://node.example/key") });
  assert.deepEqual(recorder.events(), ["One", "Hidden", "Two"]);
  assert.deepEqual(recorder.fieldsOf("One"), { run_id: "ab", job: "auction", count: 2n, nothing: undefined });
  assert.deepEqual(recent.newestFirst, [
    {
      atMs: 1,
      level: "error",
      event: "Two",
      times: 1,
      fields: [{ key: "job", value: "auction" }, { key: "error", value: "at wss://node.example/…" }],
    },
    {
      atMs: 0,
      level: "info",
      event: "One",
      times: 1,
      fields: [{ key: "job", value: "auction" }, { key: "count", value: "2" }],
    },
  ]);
});

Deno.test("RecentLog counts complaints that come again, wherever the first one stands, and of infos those in a row", () => {
  const recent = new RecentLog(() => 0);
  const log = recent.listenTo(new LogRecorder());
  for (let i = 0; i < 100; i++) {
    log.warning("Endpoint passed over", { endpoint: "ws://127.0.0.1:9" });
    log.info("Routing updated", { values: [{ key: "a", value: i % 2 }] });
    log.info("Run skipped");
    log.info("Run skipped");
  }
  const lines = recent.newestFirst;
  assert.equal(lines.length, 60);
  assert.deepEqual(lines.slice(0, 3).map(({ event, times }) => [event, times]), [
    ["Run skipped", 2],
    ["Routing updated", 1],
    ["Endpoint passed over", 100],
  ]);
  assert.equal(lines[1]?.fields[0]?.value, "key a, value 1");
});

Deno.test("RecentLog cuts long values", () => {
  const recent = new RecentLog(() => 0);
  recent.listenTo(new LogRecorder()).info("Long", { text: "x".repeat(10_000) });
  assert.ok(recent.newestFirst[0]!.fields[0]!.value.length < 300);
});

Deno.test("RecentLog leaves out what hooks write", () => {
  const recorder = new LogRecorder();
  const recent = new RecentLog(() => 0);
  const log = recent.listenTo(recorder);
  log.info("Hook output", { hook: "on_won", line: "hello" });
  log.error("Hook failed", { hook: "on_won" });
  assert.deepEqual(recent.newestFirst.map(({ event }) => event), ["Hook failed"]);
  assert.deepEqual(recorder.events(), ["Hook output", "Hook failed"]);
});

Deno.test("RecentLog writes what has parts for people: words, units, changes, and nothing that is empty", () => {
  const recent = new RecentLog(() => 0);
  const log = recent.listenTo(new LogRecorder());
  const target = { mode: "ihp", poolsPath: "/p.toml", reloadCommand: ["systemctl", "…"], share: undefined };
  log.info("x", {
    ranges: [{ hashratePh: "0.45", fewest: 1, most: 2 }, { hashratePh: "0.25", fewest: 0, most: 1 }],
    routing: { old: { targets: [target], asics: ["a: 0.9 PH/s", "b: 1 PH/s"] }, new: "off" },
    staleness: { policy: "keep", afterSeconds: 1440 },
    hooks: { old: [], new: ["on_won: /x", "on_lost: /y"] },
    nothing: null,
  });
  assert.deepEqual(
    recent.newestFirst[0]?.fields.map(({ key, value }) => `${key}: ${value}`),
    [
      "ranges: hashrate 0.45 PH/s, fewest 1, most 2; hashrate 0.25 PH/s, fewest 0, most 1",
      "routing: targets mode ihp, pools path /p.toml, reload command (systemctl, …), " +
      "asics (a: 0.9 PH/s, b: 1 PH/s) → off",
      "staleness: policy keep, after 1440 s",
      "hooks: none → on_won: /x, on_lost: /y",
      "nothing: none",
    ],
  );
});
