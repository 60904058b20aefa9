/**
 * Keeps the records of the service: the last windows' snapshots, and a line of the ledger for each window that is over and
 * for each epoch that was paid. It observes the service; nothing waits for it, and a failure is logged and no more.
 *
 * @module
 */

import { creditedHashrates, type CreditedWorkers } from "../auction/worth.ts";
import type { PayComparison } from "../auction/credit/pay_comparison.ts";
import { asError } from "../lib/errors.ts";
import { FailureLog } from "../lib/failure_log.ts";
import type { Logger } from "../lib/log.ts";
import { WorkQueue } from "../lib/work_queue.ts";
import type { DaemonEvent } from "./events.ts";
import type { ComputedAuction } from "./jobs/auction_result.ts";
import type { CsvTable } from "./records/csv_table.ts";
import { ledgerFolder, type LedgerOwner, writeLedger } from "./records/ledger.ts";
import { ledgerLine, WINDOW_TABLE } from "./records/ledger_line.ts";
import { PAY_TABLE, payLine } from "./records/pay_line.ts";
import { SnapshotStore } from "./records/snapshot_store.ts";
import type { Settings } from "./settings.ts";

/** How long a window that is over waits for its final credit. */
const CREDIT_PATIENCE_MS = 180_000;
/** How many writes may wait behind a slow disk. */
const MAX_WAITING = 8;

/** A window whose line is not written yet. */
interface OpenWindow {
  computed: ComputedAuction;
  credit: CreditedWorkers | null;
  isCreditFinal: boolean;
  /** When it was seen to be over, on the monotonic clock; `null` while it is not. */
  overSinceMs: number | null;
}

/** Options of {@link RecordKeeper}. */
export interface RecordKeeperOptions {
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Milliseconds on a clock that never steps. */
  readonly monotonicMs: () => number;
}

/** Writes the records. */
export class RecordKeeper {
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #monotonicMs: () => number;
  readonly #failures: FailureLog;
  readonly #queue: WorkQueue<() => Promise<void>>;
  readonly #open = new Map<number, OpenWindow>();
  #settings: Settings | null = null;
  /** The block that ended the epoch written last; it is written once, also by the ledger. */
  #lastPaidBlock: number | null = null;
  /** How far the chain's time is ahead of the monotonic clock; `null`: the chain has no time. */
  #chainLeadMs: number | null = null;
  /** Computed in this run: it is written when the routing is done. */
  #unsaved: ComputedAuction | null = null;

  constructor({ log, nowMs, monotonicMs }: RecordKeeperOptions) {
    this.#log = log;
    this.#nowMs = nowMs;
    this.#monotonicMs = monotonicMs;
    this.#failures = new FailureLog(nowMs);
    this.#queue = new WorkQueue({
      work: (write) => write(),
      maxWaiting: MAX_WAITING,
      onDropped: () => log.warning("Record dropped: the state folder is too slow"),
    });
  }

  /** Takes an event of the service. */
  notice(event: DaemonEvent): void {
    switch (event.kind) {
      case "settings-read":
        this.#settings = event.settings;
        break;
      case "outcome-computed":
        this.#noteOutcome(event.computed);
        break;
      case "delivery-measured": {
        const open = this.#open.get(event.report.firstBlock);
        if (open === undefined) return;
        open.credit = event.report.credit ?? open.credit;
        open.isCreditFinal = event.report.isFinal;
        break;
      }
      case "pay-compared":
        this.#notePay(event.report.comparisons.at(-1) ?? null);
        break;
      case "staleness-checked":
        if (event.isWindowOver) {
          for (const open of this.#open.values()) {
            open.overSinceMs ??= this.#monotonicMs();
          }
        }
        break;
      case "run-ended":
        if (event.job === "auction") this.#saveSnapshot();
        break;
      default:
        return;
    }
    this.#closeWindows(false);
  }

  /** Writes the lines of windows that are over, and waits for all writes. */
  async stop(): Promise<void> {
    this.#closeWindows(true);
    await this.#queue.settled();
  }

  #noteOutcome(computed: ComputedAuction): void {
    const { timestampMs } = computed.snapshot.head;
    if (timestampMs !== null) this.#chainLeadMs = timestampMs - this.#monotonicMs();
    const { firstBlock } = computed.window;
    for (const [block, open] of this.#open) if (block < firstBlock) open.overSinceMs ??= this.#monotonicMs();
    const known = this.#open.get(firstBlock);
    // A window that becomes final has the snapshot that is kept already.
    if (known?.computed.snapshot !== computed.snapshot) this.#unsaved = computed;
    if (known === undefined) {
      this.#open.set(firstBlock, { computed, credit: null, isCreditFinal: false, overSinceMs: null });
    } else known.computed = computed;
  }

  #saveSnapshot(): void {
    const [computed, settings] = [this.#unsaved, this.#settings];
    this.#unsaved = null;
    if (computed === null || settings === null) return;
    const { config: { stateDirectory, netuid, keptSnapshots, onAmbiguous }, hotkey } = settings;
    const { window, snapshot } = computed;
    const store = new SnapshotStore(stateDirectory, { netuid, hotkey });
    this.#write("Cannot keep the window's snapshot", async () => {
      await store.keep({ hotkey, window, onAmbiguous, snapshot }, keptSnapshots);
    });
  }

  /** @param atOnce whether windows that are over wait no longer for their credit. */
  #closeWindows(atOnce: boolean): void {
    for (const [firstBlock, open] of this.#open) {
      if (open.overSinceMs === null) continue;
      if (!atOnce && this.#awaitsCredit(open, open.overSinceMs)) continue;
      this.#open.delete(firstBlock);
      this.#writeLine(open);
    }
  }

  #awaitsCredit({ isCreditFinal }: OpenWindow, overSinceMs: number): boolean {
    const apis = this.#settings?.config.delivery.workersApis.length ?? 0;
    return apis > 0 && !isCreditFinal && this.#monotonicMs() - overSinceMs < CREDIT_PATIENCE_MS;
  }

  /** By the chain's time, since the host's clock may be wrong; by the host's where the chain has none. */
  get #timeMs(): number {
    return this.#chainLeadMs === null ? this.#nowMs() : this.#chainLeadMs + this.#monotonicMs();
  }

  #writeLine({ computed: { outcome }, credit }: OpenWindow): void {
    const credited = credit === null ? null : creditedHashrates(outcome, credit);
    const { netuid, own: { hotkey } } = outcome;
    const line = ledgerLine(outcome, { credited, nowMs: this.#timeMs });
    this.#writeLedger({ netuid, hotkey }, WINDOW_TABLE, line);
  }

  #notePay(comparison: PayComparison | null): void {
    const settings = this.#settings;
    if (settings === null || comparison === null || comparison.paidAtBlock === this.#lastPaidBlock) return;
    this.#lastPaidBlock = comparison.paidAtBlock;
    const owner = { netuid: settings.config.netuid, hotkey: settings.hotkey };
    this.#writeLedger(owner, PAY_TABLE, payLine(comparison, this.#timeMs));
  }

  #writeLedger<Line extends object>(owner: LedgerOwner, table: CsvTable<Line>, line: Line): void {
    const config = this.#settings?.config;
    if (config === undefined || !config.ledger) return;
    const folder = ledgerFolder(config.stateDirectory, owner);
    this.#write("Cannot write the ledger", async () => {
      await writeLedger(folder, table, line);
    });
  }

  #write(failure: string, write: () => Promise<void>): void {
    this.#queue.add(async () => {
      try {
        await write();
        this.#failures.succeeded(this.#log, failure, "Records are written again");
      } catch (error) {
        const hint = "check the space and the permissions of [state] directory";
        this.#failures.failed(this.#log, failure, failure, asError(error).message, { hint }, "warning");
      }
    });
  }
}
