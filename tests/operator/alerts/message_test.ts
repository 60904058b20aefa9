import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type AlertNotification, notificationOf, webhookBody } from "../../../src/operator/alerts/message.ts";
import { FakeAgent, HOTKEY } from "../status/fake_agent.ts";
import { NOTIFICATION } from "./fake_service.ts";

const OVER: AlertNotification = {
  ...NOTIFICATION,
  state: "over",
  endedAtMs: NOTIFICATION.beganAtMs + 750_000,
};

function withText(text: string): AlertNotification {
  return { ...NOTIFICATION, alert: { ...NOTIFICATION.alert, text } };
}

Deno.test("webhookBody() is the whole alert as JSON", () => {
  assert.deepEqual(JSON.parse(webhookBody(OVER, "json")), {
    format: 1,
    state: "over",
    kind: "banned",
    subject: "",
    title: "Over after 12 min 30 s: Banned",
    text: "It was said: “The hotkey is banned.”",
    began_at: "2026-11-23T12:00:00.000Z",
    ended_at: "2026-11-23T12:12:30.000Z",
    hotkey: HOTKEY,
    netuid: 89,
    network: ["finney"],
    window: { index: 3, first_block: 8_000_040, last_block: 8_000_099 },
    version: "1.0.0",
  });
  const { ended_at, title, text } = JSON.parse(webhookBody(NOTIFICATION, "json"));
  assert.deepEqual([ended_at, title, text], [null, "Banned", "The hotkey is banned."]);
});

Deno.test("webhookBody() is a message for people where a chat service reads it", () => {
  assert.deepEqual(JSON.parse(webhookBody(NOTIFICATION, "slack")), {
    text: "ALERT: Banned – ih-miner 5Grwva…utQY (finney, subnet 89)\n" +
      "The hotkey is banned.\n" +
      "Began 12:00 UTC in window 3, blocks 8\u202f000\u202f040 to 8\u202f000\u202f099",
  });
  assert.deepEqual(JSON.parse(webhookBody(OVER, "discord")), {
    content: "Over after 12 min 30 s: Banned – ih-miner 5Grwva…utQY (finney, subnet 89)\n" +
      "It was said: “The hotkey is banned.”\n" +
      "Began 12:00 UTC; over in window 3, blocks 8\u202f000\u202f040 to 8\u202f000\u202f099",
    allowed_mentions: { parse: [] },
  });
});

Deno.test("webhookBody() needs neither settings nor a window", () => {
  const bare = { ...NOTIFICATION, identity: null, window: null };
  assert.equal(
    JSON.parse(webhookBody(bare, "slack")).text,
    "ALERT: Banned – ih-miner\nThe hotkey is banned.\nBegan 12:00 UTC",
  );
  assert.equal(JSON.parse(webhookBody(bare, "json")).hotkey, null);
});

Deno.test("webhookBody() lets no quoted text call people or link", () => {
  const { text } = JSON.parse(webhookBody(withText("node says <!channel> @everyone <http://x|y>"), "slack"));
  assert.match(text, /node says ‹!channel› ＠everyone ‹http:\/\/x\|y›/);
});

Deno.test("webhookBody() stays below 2,000 characters for a chat, and cuts no character in two", () => {
  const texts = fc.string({
    unit: fc.constantFrom("a", "\u{1f600}", "ä", "<", "\n"),
    minLength: 900,
    maxLength: 3_000,
  });
  fc.assert(fc.property(texts, (text) => {
    for (
      const notification of [withText(text), { ...withText(text), state: "over", endedAtMs: 9e12 } as const]
    ) {
      const { content } = JSON.parse(webhookBody(notification, "discord"));
      assert.ok(content.length <= 2_000);
      assert.ok(content.isWellFormed());
      assert.ok(content.includes("in window 3"));
    }
  }));
});

Deno.test("notificationOf() says whom it is about", async () => {
  await using agent = new FakeAgent();
  const change = {
    state: "begun",
    alert: NOTIFICATION.alert,
    beganAtMs: agent.nowMs,
    endedAtMs: null,
  } as const;
  const early = notificationOf(change, agent.telemetry.report());
  assert.deepEqual([early.identity, early.window], [null, null]);
  const { index, firstBlock, lastBlock } = await agent.work();
  const { identity, window } = notificationOf(change, agent.telemetry.report());
  assert.equal(identity?.hotkey, HOTKEY);
  assert.deepEqual(identity?.network, ["wss://node.example/…"]);
  assert.deepEqual(window, { index, firstBlock, lastBlock });
});
