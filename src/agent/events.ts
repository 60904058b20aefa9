/**
 * What happens in the daemon, as it tells whoever watches it. Plain data; watching changes nothing.
 *
 * @module
 */

import type { EndpointFailure } from "../chain/errors.ts";
import type { ComputedAuction } from "./jobs/auction_job.ts";
import type { DeliveryReport } from "../delivery/measured/delivery_watch.ts";
import type { CommitmentResult } from "./jobs/commitment_job.ts";
import type { RouteReport } from "./jobs/deliver.ts";
import type { HookName } from "../config/schema.ts";
import type { FailedTarget } from "../delivery/proxies/errors.ts";
import type { RecoveryReport } from "../delivery/proxies/route.ts";
import type { StalenessConfig } from "../config/load.ts";
import type { Settings } from "./settings.ts";

/** The jobs that run by the clock. */
export type DaemonJob = "auction" | "commitment";

/** One thing that happened. */
export type DaemonEvent =
  /** Configuration and hotkey were read, as for each run. */
  | { readonly kind: "settings-read"; readonly settings: Settings }
  /** They could not be used; the last ones stay in effect. */
  | { readonly kind: "settings-failed"; readonly error: Error }
  | { readonly kind: "run-started"; readonly job: DaemonJob }
  /** A run came while the previous one was going on. */
  | { readonly kind: "run-skipped"; readonly job: DaemonJob }
  | {
    readonly kind: "run-ended";
    readonly job: DaemonJob;
    readonly durationMs: number;
    /** `null`: it succeeded. */
    readonly error: Error | null;
  }
  /** The chain has a new best head. */
  | {
    readonly kind: "head-seen";
    readonly blockNumber: number;
    /** As it may be shown. */
    readonly endpoint: string;
  }
  | { readonly kind: "endpoint-failed"; readonly failure: EndpointFailure }
  /** A window's outcome is known; callbacks and routing come after it. */
  | { readonly kind: "outcome-computed"; readonly computed: ComputedAuction }
  /** What became of each destination, in the order of the configuration; none when routing is off. */
  | { readonly kind: "routed"; readonly results: readonly (RouteReport | FailedTarget)[] }
  /** What was delivered, so far or in all of a window. */
  | { readonly kind: "delivery-measured"; readonly report: DeliveryReport }
  /** A program of `[hooks]` has ended. */
  | {
    readonly kind: "hook-ended";
    readonly hook: HookName;
    /** Why it failed; `null`: it did not. */
    readonly error: string | null;
  }
  /** An alert was posted to the webhook, or could not be. */
  | {
    readonly kind: "alert-tried";
    /** Why the webhook did not take it; `null`: it did. */
    readonly error: string | null;
    /** Whether it was given up; otherwise it is tried again. */
    readonly isLost: boolean;
  }
  /** An owed reload was tried again, beside the runs. */
  | { readonly kind: "reload-retried"; readonly reports: readonly RecoveryReport[] }
  /** The bid on the chain was looked at, and published if it had to be. */
  | { readonly kind: "commitment-checked"; readonly result: CommitmentResult }
  /** How old what is known of the auction is; told after each auction run. */
  | {
    readonly kind: "staleness-checked";
    /** Whether no window could be computed for too long. */
    readonly isStale: boolean;
    /** Whether the window computed last is over by the clock, so that nobody knows what is to be delivered. */
    readonly isWindowOver: boolean;
    readonly policy: StalenessConfig["policy"];
  };

/** Watches the daemon. Must not throw. */
export type DaemonObserver = (event: DaemonEvent) => void;
