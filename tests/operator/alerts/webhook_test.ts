import type { WebhookConfig } from "../../../src/config/hooks.ts";
import assert from "node:assert/strict";
import type { AlertNotification } from "../../../src/operator/alerts/message.ts";
import { WebhookSender, type WebhookSenderParts } from "../../../src/operator/alerts/webhook.ts";
import { freePort } from "../../../scripts/scene/free_port.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { FakeService, NOTIFICATION } from "./fake_service.ts";

/** A sender that does not sleep; it is kept for how long it would have, and its clock passes that time. */
class Sending {
  readonly log = new LogRecorder();
  readonly sleptMs: number[] = [];
  /** Of each try: why it failed, and whether the notification was given up. */
  readonly tried: [string | null, boolean][] = [];
  readonly sender: WebhookSender;
  clockMs = 0;
  /** Called at each sleep. */
  onSleep: () => void = () => {};

  constructor(config: WebhookConfig, parts: Partial<WebhookSenderParts> = {}) {
    this.sender = new WebhookSender({
      log: this.log,
      onTried: (...args) => this.tried.push(args),
      sleep: (ms: number): Promise<void> => {
        this.sleptMs.push(ms);
        this.clockMs += ms;
        this.onSleep();
        return Promise.resolve();
      },
      nowMs: () => START_MS + this.clockMs,
      monotonicMs: () => this.clockMs,
      ...parts,
    });
    this.sender.use(config);
  }

  /** Fails when the log has any part of the address but the host. */
  assertNothingLeaked(): void {
    const text = JSON.stringify([this.log.lines, this.tried]);
    assert.doesNotMatch(text, /s3cret|T0|B1|t0ken|services/);
  }
}

const START_MS = Date.UTC(2026, 10, 23, 12, 0, 0);

function alertOf(subject: string, state: "begun" | "over" = "begun"): AlertNotification {
  const endedAtMs = state === "begun" ? null : NOTIFICATION.beganAtMs + 60_000;
  return { ...NOTIFICATION, state, endedAtMs, alert: { ...NOTIFICATION.alert, subject } };
}

function failures(count: number, status = 502): Response[] {
  return Array.from({ length: count }, () => new Response("", { status }));
}

function told({ received }: FakeService): string[] {
  return received.map(({ body }) => `${body.subject} ${body.state}`);
}

Deno.test("send() of WebhookSender posts JSON", async () => {
  await using service = new FakeService();
  const { sender, log, tried } = new Sending(service.config("slack"));
  sender.send(NOTIFICATION);
  await sender.settled();
  const [request, ...more] = service.received;
  assert.deepEqual(more, []);
  const { path, method, contentType, body } = request!;
  assert.deepEqual([path, method, contentType], ["/services/s3cret;T0/B1", "POST", "application/json"]);
  assert.match(body.text, /^ALERT: Banned/);
  assert.deepEqual(log.fieldsOf("Alert sent"), {
    kind: "banned",
    subject: undefined,
    state: "begun",
    to: new URL(service.url).host,
  });
  assert.deepEqual(log.events(), ["Alert sent"]);
  assert.deepEqual(tried, [[null, false]]);
});

Deno.test("send() of WebhookSender warns of the first failure at once, and says when it is over", async () => {
  await using service = new FakeService();
  const sending = new Sending(service.config());
  service.answers.push(...failures(3, 500));
  sending.sender.send(NOTIFICATION);
  await sending.sender.settled();
  assert.equal(service.received.length, 4);
  assert.deepEqual(sending.sleptMs, [2_000, 4_000, 8_000]);
  assert.deepEqual(sending.tried, [...Array(3).fill(["it answered with HTTP 500", false]), [null, false]]);
  const to = new URL(service.url).host;
  const [first] = sending.log.lines;
  assert.deepEqual([first?.level, first?.event, first?.fields], [
    "warning",
    "Webhook does not take alerts",
    { to, error: "it answered with HTTP 500" },
  ]);
  // Again at the 2nd, 4th, 8th, … time.
  assert.equal(sending.log.events("warning").length, 2);
  assert.deepEqual(sending.log.events("info"), ["Webhook takes alerts again", "Alert sent"]);
  assert.equal(sending.log.fieldsOf("Webhook takes alerts again")?.failures, 3);
  assert.deepEqual(sending.log.events("error"), []);
  sending.assertNothingLeaked();
});

Deno.test("send() of WebhookSender is as patient as the service asks for, within bounds", async () => {
  await using service = new FakeService();
  const sending = new Sending(service.config(), { nowMs: () => START_MS });
  const asked = ["30", "0", "1.5", new Date(START_MS + 90_000).toUTCString(), "99999", "soon", "-5"];
  const date = new Date(START_MS).toUTCString();
  for (const value of asked) {
    service.answers.push(new Response("", { status: 429, headers: { "retry-after": value, date } }));
  }
  sending.sender.send(NOTIFICATION);
  await sending.sender.settled();
  assert.deepEqual(sending.sleptMs, [30_000, 4_000, 8_000, 90_000, 300_000, 60_000, 60_000]);
  assert.equal(service.received.length, 8);
  assert.deepEqual(sending.log.events("error"), []);
});

for (const [when, nowMs] of [["10 h ahead", START_MS + 36e6], ["in 1970", 0]] as const) {
  Deno.test(`send() of WebhookSender waits until a date by the service's clock with a host's clock ${when}`, async () => {
    await using service = new FakeService();
    const sending = new Sending(service.config(), { nowMs: () => nowMs });
    const headers = {
      "retry-after": new Date(START_MS + 90_000).toUTCString(),
      date: new Date(START_MS).toUTCString(),
    };
    service.answers.push(new Response("", { status: 503, headers }));
    sending.sender.send(NOTIFICATION);
    await sending.sender.settled();
    assert.deepEqual([sending.sleptMs, service.received.length], [[90_000], 2]);
  });
}

Deno.test("send() of WebhookSender lets nothing new disturb a service that asked for patience", async () => {
  await using service = new FakeService();
  const sending = new Sending(service.config());
  service.answers.push(new Response("", { status: 429, headers: { "retry-after": "30" } }));
  sending.onSleep = () => sending.sender.send(alertOf("b"));
  sending.sender.send(alertOf("a"));
  await sending.sender.settled();
  assert.deepEqual(sending.sleptMs, [30_000]);
  assert.deepEqual(told(service), ["a begun", "b begun", "a begun"]);
});

Deno.test("send() of WebhookSender keeps trying as long as an alert goes on, and then tells it", async () => {
  await using service = new FakeService();
  const sending = new Sending(service.config());
  service.answers.push(...failures(100));
  sending.sender.send(alertOf("a"));
  await sending.sender.settled();
  assert.equal(service.received.length, 101);
  assert.deepEqual(sending.sleptMs.slice(0, 7), [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  assert.equal(Math.max(...sending.sleptMs), 60_000);
  assert.deepEqual(sending.log.events("error"), []);
  assert.ok(sending.log.events("info").includes("Alert sent"));
});

Deno.test("send() of WebhookSender gives an alert up when it is over before it could be told", async () => {
  await using service = new FakeService();
  const sending = new Sending(service.config());
  service.answers.push(...failures(20));
  sending.onSleep = () => {
    if (sending.sleptMs.length === 20) sending.sender.send(alertOf("a", "over"));
  };
  sending.sender.send(alertOf("a"));
  await sending.sender.settled();
  assert.deepEqual(new Set(told(service)), new Set(["a begun"]));
  assert.equal(service.received.length, 20);
  const { error, title, text, to } = sending.log.fieldsOf("Alert could not be sent")!;
  assert.equal(error, "it was over before it could be sent: it answered with HTTP 502");
  assert.deepEqual([title, text], ["Banned", "The hotkey is banned."]);
  assert.equal(to, new URL(service.url).host);
  assert.equal(sending.log.events("error").length, 1);
  assert.deepEqual(sending.tried.at(-1), [error, true]);
  sending.assertNothingLeaked();
});

Deno.test("send() of WebhookSender gives up after an hour to tell that something is over", async () => {
  await using service = new FakeService();
  const sending = new Sending(service.config());
  service.answers.push(new Response(), ...failures(100));
  sending.sender.send(alertOf("a"));
  await sending.sender.settled();
  sending.sender.send(alertOf("a", "over"));
  await sending.sender.settled();
  assert.deepEqual(sending.log.events("error"), ["Alert could not be sent"]);
  assert.ok(sending.clockMs >= 3_600_000 && sending.clockMs < 3_660_000);
});

Deno.test("send() of WebhookSender tries what begins before what it tried before", async () => {
  await using service = new FakeService();
  const sending = new Sending(service.config());
  for (const subject of ["a", "b"]) sending.sender.send(alertOf(subject));
  await sending.sender.settled();
  service.answers.push(...failures(2));
  for (const subject of ["a", "b"]) sending.sender.send(alertOf(subject, "over"));
  sending.onSleep = () => {
    sending.onSleep = () => {};
    sending.sender.send(alertOf("c"));
  };
  await sending.sender.settled();
  assert.deepEqual(told(service).slice(2), ["a over", "b over", "c begun", "a over", "b over"]);
});

Deno.test("send() of WebhookSender wakes up for what begins", async () => {
  await using service = new FakeService();
  const log = new LogRecorder();
  const sender = new WebhookSender({ log });
  sender.use(service.config());
  service.answers.push(new Response("", { status: 429, headers: { "retry-after": "0" } }));
  sender.send(alertOf("a"));
  while (!log.events().includes("Alert not sent yet")) await new Promise((resolve) => setTimeout(resolve, 1));
  sender.send(alertOf("b"));
  while (!log.events().includes("Alert sent")) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(told(service), ["a begun", "b begun"]);
  await sender.stop(1_000);
  assert.deepEqual(told(service), ["a begun", "b begun", "a begun"]);
});

Deno.test("use() of WebhookSender forgets what waits for another webhook", async () => {
  await using service = new FakeService();
  await using other = new FakeService();
  const sending = new Sending(service.config());
  service.answers.push(...failures(1));
  sending.onSleep = () => {
    assert.equal(sending.sender.use(service.config()), false);
    assert.equal(sending.sender.use(other.config()), true);
    sending.sender.send(alertOf("a", "over"));
    sending.sender.send(alertOf("b"));
  };
  sending.sender.send(alertOf("a"));
  await sending.sender.settled();
  assert.deepEqual([told(service), told(other)], [["a begun"], ["b begun"]]);
  assert.equal(sending.sender.use(null), true);
  sending.sender.send(alertOf("c"));
  await sending.sender.settled();
  assert.equal(other.received.length, 1);
});

for (
  const [status, why] of [
    [404, /^it answered with HTTP 404: correct webhook and webhook_format$/],
    [302, /^it answered with HTTP 302: a redirect, which is not followed; set webhook to its target/],
  ] as const
) {
  Deno.test(`send() of WebhookSender gives up at once when the answer is ${status}`, async () => {
    await using other = new FakeService();
    await using service = new FakeService();
    const sending = new Sending(service.config());
    const headers = status === 302 ? { location: other.url } : undefined;
    service.answers.push(
      new Response("no such path: /services/s3cret;T0/B1", { status, headers: headers ?? {} }),
    );
    sending.sender.send(NOTIFICATION);
    sending.sender.send({ ...NOTIFICATION, state: "over", endedAtMs: START_MS });
    await sending.sender.settled();
    assert.equal(service.received.length, 1);
    assert.deepEqual(other.received, []);
    assert.deepEqual(sending.sleptMs, []);
    const { error } = sending.log.fieldsOf("Alert could not be sent")!;
    assert.match(String(error), why);
    assert.deepEqual(sending.tried, [[error, true]]);
    sending.assertNothingLeaked();
  });
}

Deno.test("send() of WebhookSender does not wait for ever for an answer", async () => {
  await using service = new FakeService();
  const sending = new Sending(service.config(), { timeoutMs: 50 });
  const late = Promise.withResolvers<Response>();
  service.answers.push(late.promise);
  sending.sender.send(NOTIFICATION);
  await sending.sender.settled();
  late.resolve(new Response(""));
  assert.equal(service.received.length, 2);
  assert.equal(sending.log.fieldsOf("Alert not sent yet")!.error, "no answer within 0.05 s");
});

Deno.test("send() of WebhookSender says why a service that is down cannot be told, and not where", async () => {
  const url = `http://s3cret:t0ken@127.0.0.1:${freePort()}/services/T0;s3cret)B1?a=t0ken`;
  const sending = new Sending({ url, format: "json" });
  sending.onSleep = () => sending.sender.send(alertOf("", "over"));
  sending.sender.send(NOTIFICATION);
  await sending.sender.settled();
  const { error } = sending.log.fieldsOf("Alert could not be sent")!;
  assert.match(String(error), /Connection refused/i);
  sending.assertNothingLeaked();
});

Deno.test("send() of WebhookSender refuses what is no URL, and keeps that to itself", async () => {
  const sending = new Sending({ url: "s3cret", format: "json" });
  sending.sender.send(NOTIFICATION);
  await sending.sender.settled();
  const { error, to } = sending.log.fieldsOf("Alert could not be sent")!;
  assert.deepEqual([error, to], ["it is not a URL; correct webhook", "the webhook"]);
  sending.assertNothingLeaked();
});

Deno.test("stop() of WebhookSender tries what waits once more, without sleeping", async () => {
  await using service = new FakeService();
  const asleep = Promise.withResolvers<void>();
  const { sender, log } = new Sending(service.config(), {
    sleep: (_ms, signal) => {
      asleep.resolve();
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    },
  });
  service.answers.push(...failures(3));
  for (const subject of ["a", "b"]) sender.send(alertOf(subject));
  await asleep.promise;
  await sender.stop(60_000);
  sender.send(alertOf("c"));
  await sender.settled();
  assert.deepEqual(told(service), ["a begun", "b begun", "a begun", "b begun"]);
  assert.deepEqual(log.events().filter((event) => event.startsWith("Alert") && !event.endsWith("yet")), [
    "Alert could not be sent",
    "Alert sent",
  ]);
});

Deno.test("stop() of WebhookSender ends real sleep, and a request that hangs", async () => {
  await using service = new FakeService();
  const log = new LogRecorder();
  const sender = new WebhookSender({ log });
  sender.use(service.config());
  const late = Promise.withResolvers<Response>();
  service.answers.push(...failures(2), late.promise);
  for (const subject of ["a", "b"]) sender.send(alertOf(subject));
  while (log.events().filter((event) => event === "Alert not sent yet").length < 2) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await sender.stop(20);
  late.resolve(new Response(""));
  assert.deepEqual(log.events("error"), Array<string>(2).fill("Alert could not be sent"));
  assert.equal(log.fieldsOf("Alert could not be sent")!.error, "the agent stopped");
});
