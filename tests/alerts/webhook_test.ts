import assert from "node:assert/strict";
import { WebhookSender, type WebhookSenderParts } from "../../src/alerts/webhook.ts";
import { freePort } from "../support/free_port.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { FakeService, NOTIFICATION } from "./fake_service.ts";

/** A sender that does not sleep; it is kept for how long it would have. */
class Sending {
  readonly log = new LogRecorder();
  readonly sleptMs: number[] = [];
  readonly sender: WebhookSender;

  constructor(parts: Partial<WebhookSenderParts> = {}) {
    const sleep = (ms: number): Promise<void> => {
      this.sleptMs.push(ms);
      return Promise.resolve();
    };
    this.sender = new WebhookSender({ log: this.log, sleep, ...parts });
  }

  /** Fails when the log has any part of the address but the host. */
  assertNothingLeaked(): void {
    const text = JSON.stringify(this.log.lines);
    assert.doesNotMatch(text, /s3cret|T0|B1|t0ken|services/);
  }
}

function numbered(n: number): typeof NOTIFICATION {
  return { ...NOTIFICATION, alert: { ...NOTIFICATION.alert, text: String(n) } };
}

Deno.test("send() of WebhookSender posts JSON", async () => {
  await using service = new FakeService();
  const { sender, log } = new Sending();
  sender.send(NOTIFICATION, service.config("slack"));
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
});

Deno.test("send() of WebhookSender tries again after a bad moment of the service", async () => {
  await using service = new FakeService();
  const sending = new Sending();
  service.answers.push(new Response("", { status: 500 }), new Response("", { status: 503 }));
  sending.sender.send(NOTIFICATION, service.config());
  await sending.sender.settled();
  assert.equal(service.received.length, 3);
  assert.deepEqual(sending.sleptMs, [2_000, 4_000]);
  assert.deepEqual(sending.log.events("error"), []);
  sending.assertNothingLeaked();
});

Deno.test("send() of WebhookSender is as patient as the service asks for, within bounds", async () => {
  await using service = new FakeService();
  const nowMs = Date.UTC(2026, 10, 23, 12, 0, 0);
  const sending = new Sending({ nowMs: () => nowMs });
  const asked = ["30", "0", "1.5", new Date(nowMs + 90_000).toUTCString(), "99999", "soon", "-5"];
  for (const value of asked) {
    service.answers.push(new Response("", { status: 429, headers: { "retry-after": value } }));
  }
  sending.sender.send(NOTIFICATION, service.config());
  await sending.sender.settled();
  assert.deepEqual(sending.sleptMs, [30_000, 4_000, 8_000, 90_000, 300_000, 60_000, 60_000]);
  assert.equal(service.received.length, 8);
  assert.deepEqual(sending.log.events("error"), []);
});

Deno.test("send() of WebhookSender gives up after eight tries, and goes on with the next", async () => {
  await using service = new FakeService();
  const sending = new Sending();
  for (let i = 0; i < 8; i++) service.answers.push(new Response("", { status: 502 }));
  sending.sender.send(numbered(1), service.config());
  sending.sender.send(numbered(2), service.config());
  await sending.sender.settled();
  assert.equal(service.received.length, 9);
  assert.equal(service.received[8]!.body.text, "2");
  assert.deepEqual(sending.sleptMs, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  const { error, title, text, to } = sending.log.fieldsOf("Alert could not be sent")!;
  assert.deepEqual([error, title, text], ["it answered with HTTP 502", "Banned", "1"]);
  assert.equal(to, new URL(service.url).host);
  sending.assertNothingLeaked();
});

for (
  const [status, why] of [
    [404, /^it answered with HTTP 404: correct webhook and webhook_format$/],
    [302, /^it answered with HTTP 302: a redirect, which is not followed; set webhook to the address/],
  ] as const
) {
  Deno.test(`send() of WebhookSender gives up at once when the answer is ${status}`, async () => {
    await using other = new FakeService();
    await using service = new FakeService();
    const sending = new Sending();
    const headers = status === 302 ? { location: other.url } : undefined;
    service.answers.push(
      new Response("no such path: /services/s3cret;T0/B1", { status, headers: headers ?? {} }),
    );
    sending.sender.send(NOTIFICATION, service.config());
    await sending.sender.settled();
    assert.equal(service.received.length, 1);
    assert.deepEqual(other.received, []);
    assert.deepEqual(sending.sleptMs, []);
    assert.match(String(sending.log.fieldsOf("Alert could not be sent")!.error), why);
    sending.assertNothingLeaked();
  });
}

Deno.test("send() of WebhookSender does not wait for ever for an answer", async () => {
  await using service = new FakeService();
  const sending = new Sending({ timeoutMs: 50 });
  const late = Promise.withResolvers<Response>();
  service.answers.push(late.promise);
  sending.sender.send(NOTIFICATION, service.config());
  await sending.sender.settled();
  late.resolve(new Response(""));
  assert.equal(service.received.length, 2);
  assert.equal(sending.log.fieldsOf("Alert not sent yet")!.error, "no answer within 0.05 s");
});

Deno.test("send() of WebhookSender says why a service that is down cannot be told, and not where", async () => {
  const sending = new Sending();
  const url = `http://s3cret:t0ken@127.0.0.1:${freePort()}/services/T0;s3cret)B1?a=t0ken`;
  sending.sender.send(NOTIFICATION, { url, format: "json" });
  await sending.sender.settled();
  assert.equal(sending.sleptMs.length, 7);
  const { error } = sending.log.fieldsOf("Alert could not be sent")!;
  assert.match(String(error), /Connection refused/i);
  sending.assertNothingLeaked();
});

Deno.test("send() of WebhookSender refuses what is no URL, and keeps that to itself", async () => {
  const sending = new Sending();
  sending.sender.send(NOTIFICATION, { url: "s3cret", format: "json" });
  await sending.sender.settled();
  const { error, to } = sending.log.fieldsOf("Alert could not be sent")!;
  assert.deepEqual([error, to], ["it is no URL; correct webhook", "the webhook"]);
  sending.assertNothingLeaked();
});

Deno.test("send() of WebhookSender keeps the order, and drops the oldest of too many", async () => {
  const sent: string[] = [];
  const gate = Promise.withResolvers<void>();
  const { sender, log } = new Sending({
    fetch: async (_url, init) => {
      await gate.promise;
      sent.push(JSON.parse(String(init?.body)).text);
      return new Response("");
    },
  });
  for (let n = 0; n <= 52; n++) sender.send(numbered(n), { url: "http://chat.example/x", format: "json" });
  gate.resolve();
  await sender.settled();
  assert.deepEqual(sent, ["0", ...Array.from({ length: 50 }, (_, i) => String(i + 3))]);
  assert.equal(log.events("error").length, 2);
  assert.equal(log.fieldsOf("Alert could not be sent")!.error, "more than 50 wait");
});

Deno.test("stop() of WebhookSender tries what waits once more, without sleeping", async () => {
  await using service = new FakeService();
  const log = new LogRecorder();
  const asleep = Promise.withResolvers<void>();
  const sender = new WebhookSender({
    log,
    sleep: (_ms, signal) => {
      asleep.resolve();
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    },
  });
  service.answers.push(new Response("", { status: 500 }), new Response("", { status: 500 }));
  for (const n of [1, 2]) sender.send(numbered(n), service.config());
  await asleep.promise;
  await sender.stop(60_000);
  sender.send(numbered(3), service.config());
  await sender.settled();
  assert.deepEqual(service.received.map(({ body }) => body.text), ["1", "1", "2"]);
  assert.deepEqual(log.events().filter((event) => event !== "Alert not sent yet"), [
    "Alert could not be sent",
    "Alert sent",
  ]);
});

Deno.test("stop() of WebhookSender ends real sleep, and a request that hangs", async () => {
  await using service = new FakeService();
  const log = new LogRecorder();
  const sender = new WebhookSender({ log });
  const late = Promise.withResolvers<Response>();
  service.answers.push(new Response("", { status: 500 }), late.promise);
  for (const n of [1, 2]) sender.send(numbered(n), service.config());
  while (!log.events().includes("Alert not sent yet")) await new Promise((resolve) => setTimeout(resolve, 1));
  await sender.stop(20);
  late.resolve(new Response(""));
  assert.deepEqual(log.events("error"), Array<string>(2).fill("Alert could not be sent"));
  assert.equal(log.fieldsOf("Alert could not be sent")!.error, "the agent stopped");
});
