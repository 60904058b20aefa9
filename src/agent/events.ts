/**
 * The events of the service. Plain data; observers do not affect the service.
 *
 * @module
 */

import type { PayReport } from "../auction/credit/pay_comparison.ts";
import type { EndpointFailure } from "../chain/errors.ts";
import type { ComputedAuction } from "./jobs/auction_result.ts";
import type { DeliveryReport } from "../delivery/measured/delivery_report.ts";
import type { CommitmentResult } from "./jobs/commitment_job.ts";
import type { RouteReport } from "./jobs/deliver.ts";
import type { HookName } from "../config/schema.ts";
import type { FailedTarget } from "../delivery/proxies/errors.ts";
import type { RecoveryReport } from "../delivery/proxies/route.ts";
import type { StalenessConfig } from "../config/load.ts";
import type { Settings } from "./settings.ts";

/** The scheduled jobs. */
export type DaemonJob = "auction" | "commitment";

/**
 * What became of a question to the program: it answered before the first routing, it confirmed or changed that, or it gave no
 * answer.
 */
export type AnswerResult = "at-once" | "confirmed" | "changed" | "failed";

/** One event. */
export type DaemonEvent =
  /** Configuration and hotkey were read, as for each run. */
  | { readonly kind: "settings-read"; readonly settings: Settings }
  /** They could not be used; the last ones stay in effect. */
  | { readonly kind: "settings-failed"; readonly error: Error }
  | { readonly kind: "run-started"; readonly job: DaemonJob }
  /** A run was due while the previous one was in progress. */
  | { readonly kind: "run-skipped"; readonly job: DaemonJob }
  | {
    readonly kind: "run-ended";
    readonly job: DaemonJob;
    readonly durationMs: number;
    /** `null`: it succeeded. */
    readonly error: Error | null;
  }
  /** A node announced a new best head. */
  | {
    readonly kind: "head-seen";
    readonly blockNumber: number;
    /** Without access keys. */
    readonly endpoint: string;
  }
  | { readonly kind: "endpoint-failed"; readonly failure: EndpointFailure }
  /** A window's outcome is known, or known better; routing follows. */
  | { readonly kind: "outcome-computed"; readonly computed: ComputedAuction }
  /** The program has answered about the window, or failed. */
  | {
    readonly kind: "program-answered";
    readonly result: AnswerResult;
    /** How long it took. */
    readonly seconds: number;
    /** How much more or less is routed to the subnet from now on. */
    readonly differencePh: number;
  }
  /** The result of each destination, in the order of the configuration; none if routing is off. */
  | { readonly kind: "routed"; readonly results: readonly (RouteReport | FailedTarget)[] }
  /** The hashrate delivered in a window, so far or in total. */
  | { readonly kind: "delivery-measured"; readonly report: DeliveryReport }
  /** What the chain paid, as far as it is known, beside what our results promise. */
  | { readonly kind: "pay-compared"; readonly report: PayReport }
  /** A program of `[hooks]` has ended. */
  | {
    readonly kind: "hook-ended";
    readonly hook: HookName;
    /** Why it failed; `null` if it succeeded. */
    readonly error: string | null;
  }
  /** An attempt to post an alert to the webhook. */
  | {
    readonly kind: "alert-tried";
    /** Why the webhook refused it; `null` if it accepted. */
    readonly error: string | null;
    /** Whether the alert was given up; otherwise it is retried. */
    readonly isLost: boolean;
  }
  /** A pending reload was retried between runs. */
  | { readonly kind: "reload-retried"; readonly reports: readonly RecoveryReport[] }
  /** The bid on the chain was checked, and published if needed. */
  | { readonly kind: "commitment-checked"; readonly result: CommitmentResult }
  /** Whether the known outcome is too old; emitted after each auction run. */
  | {
    readonly kind: "staleness-checked";
    /** Whether no window could be computed for `[routing] stale_after`. */
    readonly isStale: boolean;
    /** Whether the last computed window is over, so that it is unknown what to deliver. */
    readonly isWindowOver: boolean;
    readonly policy: StalenessConfig["policy"];
  };

/** Receives the events of the service. Must not throw. */
export type DaemonObserver = (event: DaemonEvent) => void;
