/**
 * The findings about wallet and chain.
 *
 * @module
 */

import { aclLine, type User } from "./access.ts";
import type { ChainLook, EndpointLook, WalletLook } from "./chain_look.ts";
import { EARLIEST_MS } from "../../lib/clock.ts";
import { formatDuration } from "../status/format.ts";
import { type Finding, finding } from "./finding.ts";

/** Context of {@link chainFindings}. */
export interface LookContext {
  readonly hotkeyPath: string;
  /** Permission bits of the hotkey's file; `null` if unknown. */
  readonly hotkeyMode: number | null;
  /** Which hotkeys there are, for one that is missing. */
  readonly hotkeysThere: () => string;
  readonly netuid: number;
  readonly user: User;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** A clock that lags more than this is worth a warning. */
const MAX_CLOCK_LAG_SECONDS = 30;
/** A head up to this age may just be waiting for the next block. */
const FRESH_HEAD_SECONDS = 60;

/** Derives the findings. */
export function chainFindings(look: ChainLook, context: LookContext): Finding[] {
  return [
    walletFinding(look.wallet, context),
    ...modeFindings(context),
    ...look.endpoints.map((endpoint) => endpointFinding(endpoint, look.endpoints)),
    ...clockFindings(look.endpoints, context.nowMs),
    ...registrationFindings(look, context),
  ];
}

function walletFinding(wallet: WalletLook, { hotkeyPath, user, hotkeysThere }: LookContext): Finding {
  if (wallet.address === null) {
    const fix = wallet.kind === "unreadable"
      ? aclLine(user, "r", hotkeyPath)
      : wallet.kind === "missing"
      ? hotkeysThere()
      : null;
    return finding("fail", "wallet", wallet.error, fix);
  }
  return wallet.canSign ? finding("ok", "wallet", `${hotkeyPath}: hotkey ${wallet.address}`) : finding(
    "fail",
    "wallet",
    `${hotkeyPath}: hotkey ${wallet.address}, an address without a key: the agent can compute auctions but not publish`,
    "give the agent the whole hotkey file",
  );
}

function modeFindings({ hotkeyPath, hotkeyMode }: LookContext): Finding[] {
  if (hotkeyMode === null || (hotkeyMode & 0o007) === 0) return [];
  const mode = (hotkeyMode & 0o777).toString(8);
  return [
    finding(
      "warn",
      "wallet",
      `${hotkeyPath}: every user has access to the secret (mode ${mode})`,
      `chmod o= ${hotkeyPath}`,
    ),
  ];
}

function endpointFinding(look: EndpointLook, all: readonly EndpointLook[]): Finding {
  if ("error" in look) {
    // One usable endpoint suffices.
    const status = all.some((other) => !("error" in other)) ? "warn" : "fail";
    return finding(status, "endpoint", look.error);
  }
  const { endpoint, spec, headNumber, headAgeSeconds, connectMs } = look;
  const age = headAgeSeconds === null ? "" : `, ${Math.round(headAgeSeconds)} s old`;
  return finding(
    "ok",
    "endpoint",
    `${endpoint}: ${spec}, head ${headNumber}${age}, connected in ${Math.round(connectMs)} ms`,
  );
}

/** Judges the host's clock by the freshest head, since no head is from the future. */
function clockFindings(endpoints: readonly EndpointLook[], nowMs: number): Finding[] {
  const fix = "timedatectl set-ntp true";
  if (nowMs < EARLIEST_MS) {
    const shown = new Date(nowMs).toISOString().slice(0, 16).replace("T", " ");
    return [finding("fail", "clock", `this host's clock shows ${shown} UTC: it has not been set`, fix)];
  }
  const ages = endpoints.flatMap((look) =>
    "error" in look || look.headAgeSeconds === null ? [] : [look.headAgeSeconds]
  );
  if (ages.length === 0) return [];
  const age = Math.min(...ages);
  const difference = formatDuration(Math.abs(age));
  if (age < -MAX_CLOCK_LAG_SECONDS) {
    return [finding("warn", "clock", `this host's clock is ${difference} behind the chain's`, fix)];
  }
  if (age > FRESH_HEAD_SECONDS) {
    const message = `the newest head is ${difference} old: this host's clock is ahead, or the node lags`;
    return [finding("warn", "clock", message, fix)];
  }
  return [finding("ok", "clock", "agrees with the chain's")];
}

function registrationFindings({ wallet, registration }: ChainLook, { netuid }: LookContext): Finding[] {
  if (registration === null) return [];
  const { uid } = registration;
  return uid === null
    ? [
      finding(
        "fail",
        "registration",
        `${wallet.address} is not registered on subnet ${netuid}`,
        `btcli subnet register --netuid ${netuid}`,
      ),
    ]
    : [finding("ok", "registration", `UID ${uid} on subnet ${netuid}`)];
}
