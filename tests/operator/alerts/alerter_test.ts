import assert from "node:assert/strict";
import { Alerter, type AlertsConfig } from "../../../src/operator/alerts/alerter.ts";
import type { DaemonEvent } from "../../../src/agent/events.ts";
import { HostClock } from "../../../src/lib/clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { FakeAgent } from "../status/fake_agent.ts";
import { FakeService } from "./fake_service.ts";

function configOf(service: FakeService): AlertsConfig {
  return { webhook: service.config(), noWinWindows: 5, isSelling: true };
}

function alerterOf(agent: FakeAgent, log = new LogRecorder()): Alerter {
  return new Alerter({ log, report: () => agent.telemetry.report(), clock: agent.clock });
}

Deno.test("check() of Alerter sends one message when something breaks, and one when it is over", async () => {
  await using service = new FakeService();
  await using agent = new FakeAgent();
  const [alerter, config] = [alerterOf(agent), configOf(service)];
  await agent.work();
  alerter.check(config);
  agent.run("commitment", new Error("no endpoint answers"));
  for (let i = 0; i < 3; i++) alerter.check(config);
  agent.run("commitment", new Error("still no endpoint answers"));
  alerter.check(config);
  agent.run("commitment");
  alerter.check(config);
  agent.pass(60);
  for (let i = 0; i < 3; i++) alerter.check(config);
  await alerter.settled();
  assert.deepEqual(service.received.map(({ body }) => [body.state, body.kind]), [
    ["begun", "commitment-failed"],
    ["over", "commitment-failed"],
  ]);
  const [begun, over] = service.received.map(({ body }) => body);
  assert.match(begun.text, /no endpoint answers/);
  assert.match(over.text, /still no endpoint answers/);
  assert.equal(begun.window.index, agent.telemetry.report().window?.index);
});

Deno.test("check() of Alerter posts nothing without a webhook, and starts afresh with the next one", async () => {
  await using service = new FakeService();
  await using agent = new FakeAgent();
  const alerter = alerterOf(agent);
  await agent.work();
  agent.run("commitment", new Error("no endpoint answers"));
  alerter.check(null);
  await alerter.settled();
  assert.equal(service.received.length, 0);
  alerter.check(configOf(service));
  alerter.check(null);
  alerter.check(configOf(service));
  await alerter.settled();
  assert.deepEqual(service.received.map(({ body }) => body.state), ["begun", "begun"]);
});

Deno.test("check() of Alerter tells a new webhook's readers all that goes on", async () => {
  await using service = new FakeService();
  await using other = new FakeService();
  await using agent = new FakeAgent();
  const alerter = alerterOf(agent);
  await agent.work();
  agent.run("commitment", new Error("no endpoint answers"));
  alerter.check(configOf(service));
  await alerter.settled();
  alerter.check(configOf(service));
  alerter.check(configOf(other));
  await alerter.settled();
  assert.deepEqual([service, other].map(({ received }) => received.map(({ body }) => body.state)), [
    ["begun"],
    ["begun"],
  ]);
});

Deno.test("check() of Alerter never throws, and complains once", async () => {
  const log = new LogRecorder();
  const alerter = new Alerter({
    log,
    report: () => {
      throw new RangeError("Invalid time value");
    },
    clock: new HostClock(),
  });
  const config: AlertsConfig = {
    webhook: { url: "http://chat.example/x", format: "json" },
    noWinWindows: 5,
    isSelling: true,
  };
  for (let i = 0; i < 3; i++) alerter.check(config);
  await alerter.stop(60_000);
  assert.deepEqual(log.events("error"), ["Alerts cannot be checked"]);
});

/** An agent whose events an alerter hears of, as in the real one. */
class WatchedAgent extends FakeAgent {
  readonly alerter = alerterOf(this);

  override observe(event: DaemonEvent): void {
    super.observe(event);
    this.alerter.observe(event);
  }
}

Deno.test("observe() of Alerter goes by the configuration that was read last", async () => {
  await using service = new FakeService();
  await using agent = new WatchedAgent();
  const { url, format } = service.config();
  const hooks = `[hooks]\nwebhook = "${url}"\nwebhook_format = "${format}"\nno_win_windows = 2\n`;
  const paused = (config: string): string => config.replace("[workers]", "[workers]\nenabled = false");
  const lose = async (number: number): Promise<void> => {
    await agent.computeWindow({ number, cap: "0.0001" });
  };
  await agent.work();
  await agent.readSettings(hooks, undefined, paused);
  for (const number of [1, 2, 3]) await lose(number);
  await agent.alerter.settled();
  assert.equal(service.received.length, 0, "nothing is for sale");

  await agent.readSettings(hooks);
  await agent.alerter.settled();
  assert.deepEqual(service.received.map(({ body }) => [body.state, body.kind]), [["begun", "no-wins"]]);

  await agent.readSettings();
  agent.run("commitment", new Error("nobody hears of it"));
  await agent.alerter.settled();
  assert.equal(service.received.length, 1);
});

for (const hours of [-10, 10]) {
  Deno.test(`check() of Alerter reports an end once, after a minute, when the host's clock steps by ${hours} h`, async () => {
    await using service = new FakeService();
    await using agent = new FakeAgent();
    const [alerter, config] = [alerterOf(agent), configOf(service)];
    await agent.work();
    agent.run("commitment", new Error("no endpoint answers"));
    alerter.check(config);
    agent.pass(60);
    agent.run("commitment");
    alerter.check(config);
    agent.step(hours);
    agent.pass(59);
    alerter.check(config);
    await alerter.settled();
    assert.equal(service.received.length, 1);
    agent.pass(1);
    alerter.check(config);
    await alerter.settled();
    const { body } = service.received.at(-1)!;
    assert.deepEqual([service.received.length, body.state], [2, "over"]);
    assert.match(body.title, /^Over after 1 min: /);
    assert.equal(Date.parse(body.ended_at), agent.clock.wallMs(agent.nowMs - 60_000));
  });

  Deno.test(`check() of Alerter reports a reload pending for 30 s when the host's clock steps by ${hours} h`, async () => {
    await using service = new FakeService();
    await using agent = new FakeAgent();
    const [alerter, config] = [alerterOf(agent), configOf(service)];
    await agent.work();
    agent.route({ reload: "pending", reloadPendingSinceMs: agent.nowMs, reloadError: "gone" });
    agent.step(hours);
    agent.pass(29);
    alerter.check(config);
    await alerter.settled();
    assert.equal(service.received.length, 0);
    agent.pass(2);
    alerter.check(config);
    await alerter.settled();
    assert.deepEqual(service.received.map(({ body }) => body.kind), ["reload-pending"]);
  });
}

Deno.test("check() of Alerter tells late what goes on, in the words of then", async () => {
  await using service = new FakeService();
  await using agent = new FakeAgent();
  const config = configOf(service);
  service.answers.push(new Response("", { status: 502 }));
  await agent.work();
  let clockMs = 0;
  const alerter: Alerter = new Alerter({
    log: new LogRecorder(),
    report: () => agent.telemetry.report(),
    clock: agent.clock,
    monotonicMs: () => clockMs,
    sleep: (ms) => {
      clockMs += ms;
      agent.run("commitment", new Error("the second reason"));
      alerter.check(config);
      return Promise.resolve();
    },
  });
  agent.run("commitment", new Error("the first reason"));
  alerter.check(config);
  await alerter.settled();
  const texts = service.received.map(({ body }) => body.text);
  assert.match(texts[0], /the first reason/);
  assert.match(texts.at(-1), /the second reason/);
});
