/**
 * Formats alerts as messages for chats and as documents for programs. Pure.
 *
 * @module
 */

import type { WebhookFormat } from "../../config/schema.ts";
import { toDocument } from "../../lib/document.ts";
import { printable, printableLine } from "../../lib/printable.ts";
import { clockTime, formatBlock, formatDuration, shortHotkey } from "../status/format.ts";
import type { IdentityReport, StatusReport } from "../status/status_report.ts";
import type { Alert } from "./alert.ts";
import type { AlertChange } from "./alert_book.ts";

/** Increased when the document changes incompatibly. */
const DOCUMENT_FORMAT = 1;
/** The limit of Discord, and enough for any chat. */
const MESSAGE_CHARACTERS = 2_000;

/** The change of an alert with its context. */
export interface AlertNotification extends AlertChange {
  /** `null` before the settings have been read. */
  readonly identity: IdentityReport | null;
  /** The current window; `null` before the first one has been computed. */
  readonly window: { readonly index: number; readonly firstBlock: number; readonly lastBlock: number } | null;
  readonly version: string;
}

/** Adds the context to a change. */
export function notificationOf(
  change: AlertChange,
  { identity, window, version }: Pick<StatusReport, "identity" | "window" | "version">,
): AlertNotification {
  const place = window === null
    ? null
    : { index: window.index, firstBlock: window.firstBlock, lastBlock: window.lastBlock };
  return { ...change, identity, window: place, version };
}

/** The JSON body of the request. */
export function webhookBody(notification: AlertNotification, format: WebhookFormat): string {
  switch (format) {
    case "json":
      return printable(JSON.stringify(alertDocument(notification)));
    case "slack":
      return JSON.stringify({ text: chatMessage(notification) });
    case "discord":
      return JSON.stringify({ content: chatMessage(notification), allowed_mentions: { parse: [] } });
  }
}

function alertDocument(notification: AlertNotification): unknown {
  const { state, alert, beganAtMs, endedAtMs, identity, window, version } = notification;
  const { kind, subject } = alert;
  return toDocument({
    format: DOCUMENT_FORMAT,
    state,
    kind,
    subject,
    ...wordsOf(notification),
    beganAt: new Date(beganAtMs).toISOString(),
    endedAt: endedAtMs === null ? null : new Date(endedAtMs).toISOString(),
    hotkey: identity?.hotkey ?? null,
    netuid: identity?.netuid ?? null,
    network: identity?.network ?? null,
    window,
    version,
  });
}

/** Title and text; after the end, in the past. */
function wordsOf({ alert, beganAtMs, endedAtMs }: AlertNotification): Pick<Alert, "title" | "text"> {
  const { title, text } = alert;
  if (endedAtMs === null) return { title, text };
  const seconds = (endedAtMs - beganAtMs) / 1000;
  return { title: `Over after ${formatDuration(seconds)}: ${title}`, text: `It was said: “${text}”` };
}

/** Three lines: title and hotkey, the text, time and window. */
function chatMessage(notification: AlertNotification): string {
  const { state, beganAtMs, identity, window } = notification;
  const whose = identity === null
    ? "ih-miner"
    : `ih-miner ${shortHotkey(identity.hotkey)} (${identity.network.join(", ")}, subnet ${identity.netuid})`;
  const { title, text } = wordsOf(notification);
  const began = `Began ${clockTime(new Date(beganAtMs).toISOString())} UTC`;
  const where = window === null
    ? began
    : `${began}${state === "begun" ? "" : "; over"} in window ${window.index}, blocks ${
      formatBlock(window.firstBlock)
    } to ${formatBlock(window.lastBlock)}`;
  const head = `${state === "begun" ? "ALERT: " : ""}${printableLine(title)} – ${whose}`;
  const room = MESSAGE_CHARACTERS - head.length - where.length - 2;
  return harmless(`${head}\n${shortened(printable(text), room)}\n${where}`);
}

/** Replaces characters that chats read as mentions or links, since texts quote foreign text. Keeps the length. */
function harmless(text: string): string {
  return text.replaceAll("<", "‹").replaceAll(">", "›").replaceAll("@", "＠");
}

/** Cuts a text to a number of characters without splitting a surrogate pair. */
function shortened(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, Math.max(0, characters - 1)).replace(/[\ud800-\udbff]$/, "")}…`;
}
