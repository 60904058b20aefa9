import assert from "node:assert/strict";
import { FP18_ONE } from "../../../src/auction/protocol/constants.ts";
import { webhookBody } from "../../../src/operator/alerts/message.ts";
import { ALERT_KINDS } from "../../../src/operator/alerts/alert.ts";
import { HOOK_NAMES, WEBHOOK_FORMATS } from "../../../src/config/schema.ts";
import type { DaemonEvent } from "../../../src/agent/events.ts";
import {
  auctionDocument,
  type AuctionRun,
  failureDocument,
} from "../../../src/agent/jobs/result_document.ts";
import { toDocument } from "../../../src/lib/document.ts";
import { NOTIFICATION } from "../../operator/alerts/fake_service.ts";
import { FakeAgent } from "../../operator/status/fake_agent.ts";

const PAGE = await Deno.readTextFile(new URL("../../../docs/hooks.md", import.meta.url));
const EXAMPLES: unknown[] = [...PAGE.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text]) =>
  JSON.parse(text!)
);

/** Keys and types, not values; of a list its first entry. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]));
}

/** Keeps what a document is made of. */
class RecordedAgent extends FakeAgent {
  readonly auction: { -readonly [Key in keyof AuctionRun]?: AuctionRun[Key] } = {
    creditedAtMostPh: null,
    alternativeFp18: FP18_ONE,
    error: null,
  };

  override observe(event: DaemonEvent): void {
    super.observe(event);
    if (event.kind === "settings-read") this.auction.routing = event.settings.config.routing;
    if (event.kind === "outcome-computed") this.auction.computed = event.computed;
    if (event.kind === "routed") this.auction.results = event.results;
  }
}

Deno.test("docs/hooks.md shows documents as they are", async () => {
  await using agent = new RecordedAgent();
  await agent.work({ cap: "0.015" });
  const documents = [
    auctionDocument(agent.auction as AuctionRun),
    failureDocument("commitment", new Error("…"), agent.auction.routing!),
  ].map(toDocument);
  const alert = JSON.parse(webhookBody(NOTIFICATION, "json"));
  assert.deepEqual(EXAMPLES.map(shapeOf), [...documents, alert].map(shapeOf));
});

Deno.test("docs/hooks.md names every hook, alert and format", () => {
  for (const name of [...HOOK_NAMES, ...ALERT_KINDS]) {
    assert.match(PAGE, new RegExp(`^\\| \`${name}\` `, "m"));
  }
  for (const format of WEBHOOK_FORMATS) assert.match(PAGE, new RegExp(`\\| \`${format}\` +\\|$`, "m"));
});
