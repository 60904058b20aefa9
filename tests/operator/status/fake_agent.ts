import { makeSnapshot, PRICES } from "../../auction/inputs/make_snapshot.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import type { FleetReport, MinerReport } from "../../../src/delivery/asics/fleet_report.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { DaemonEvent, DaemonJob } from "../../../src/agent/events.ts";
import { reportCredit } from "../../../src/delivery/measured/credit.ts";
import {
  DEFAULT_DELIVERY_LIMITS,
  judgeDelivery,
  surplusOf,
} from "../../../src/delivery/measured/judgement.ts";
import type { DeliveryReport } from "../../../src/delivery/measured/delivery_report.ts";
import type { HookName } from "../../../src/config/schema.ts";
import { findPayShortfall, type PayComparison } from "../../../src/auction/credit/pay_comparison.ts";
import type { ComputedAuction } from "../../../src/agent/jobs/auction_result.ts";
import type { CommitmentResult } from "../../../src/agent/jobs/commitment_job.ts";
import type { UnpackCbc } from "../../../src/auction/solver/cbc/bundled_cbc.ts";
import { computeOutcome } from "../../../src/agent/jobs/compute_outcome.ts";
import { epochStart, type ValidationWindow, windowAt } from "../../../src/auction/protocol/windows.ts";
import type { RoutingReport } from "../../../src/delivery/proxies/route.ts";
import { HostClock } from "../../../src/lib/clock.ts";
import { Telemetry } from "../../../src/operator/status/telemetry.ts";

export const HOTKEY = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
export const BID = "2;b;BTC,1.02=0.25:3,0.45:2";
/** What a look at the empty bid differs in. */
export const EMPTY = { text: "2;b;", textBytes: 4, workerCount: 0 } as const;
export const START_MS = Date.UTC(2026, 10, 23, 12, 0, 0);

const NETUID = 89;
const FIRST_WINDOW = windowAt(8_000_000, epochStart(NETUID, 360, 8_000_000));

const CONFIG = `[bittensor]
network = "wss://user:key@node.example/v1/secret?key=abc"
netuid = ${NETUID}
[wallet]
name = "a"
hotkey_name = "b"
directory = "/w"
[workers]
price_multiplier = "1.02"
worker_sizes = { "0.45" = 2, "0.25" = 3 }
[routing]
pools_path = "/etc/ihp/pools.toml"
`;

/** Two hooks and a webhook, to be added to the configuration. */
export const HOOKS_CONFIG = `[hooks]
on_won = ["/usr/local/bin/tell", "--key=secret"]
on_error = ["/usr/local/bin/cry"]
webhook = "https://hooks.example/services/secret"
`;

const PROXY = {
  mode: "ihp",
  path: "/etc/ihp/pools.toml",
  dryRun: false,
  recovered: { outcome: "none", keptPath: null },
  changed: true,
  skipped: null,
  values: [{
    key: 'pools.main[0] "central-proxy" target_hashrate',
    previous: "0TH/s",
    value: "1650TH/s",
  }],
  identities: [{
    place: 'pools.main[0] "central-proxy"',
    key: "worker_id",
    workerId: `sn89auction.${HOTKEY}.worker1`,
  }],
  diff: "",
  reload: "touched",
  sentinelPath: "/etc/ihp/.reload-ihp",
  reloadPendingSinceMs: null,
  reloadError: null,
} as RoutingReport & { readonly sentinelPath: string };

/** Of a Braiins profile: three eighths for the subnet. */
export const BRAIINS_VALUES = [
  { key: 'routing.goal "InfiniteHashLuxorGoal" hr_weight', previous: 0, value: 3 * 2 ** 29 },
  { key: 'routing.goal "MinerDefaultGoal" hr_weight', previous: 2 ** 32, value: 5 * 2 ** 29 },
] as const;

const ASIC: MinerReport = {
  name: "left",
  address: "192.168.1.21:4028",
  nominalHashratePh: 0.9,
  countedHashratePh: 0.9,
  wanted: "subnet",
  found: "subnet",
  poolNumber: 0,
  switched: false,
  readingPh: 0.88,
  workerId: `sn89auction.${HOTKEY}.left`,
  problem: null,
};

/** The ASICs of {@link FakeAgent.routeAsics}. */
export const ASICS: readonly MinerReport[] = [
  ASIC,
  { ...ASIC, name: "middle", address: "192.168.1.22:4028", switched: true },
  {
    ...ASIC,
    name: "right",
    address: "192.168.1.23:4028",
    wanted: "fallback",
    found: "fallback",
    poolNumber: 1,
  },
];

/** Options of {@link FakeAgent.routeAsics}. */
export const FLEET: FleetReport = {
  mode: "asic",
  dryRun: false,
  wantedHashratePh: 1.65,
  coveredHashratePh: 1.8,
  surplusHashratePh: 0.15,
  shortfallHashratePh: 0,
  switchedCount: 1,
  removed: [],
  miners: ASICS,
};

const DELIVERY: DeliveryReport = {
  firstBlock: FIRST_WINDOW.firstBlock,
  windowIndex: FIRST_WINDOW.index,
  wonHashratePh: 1.65,
  nowPh: 1.7,
  averagePh: 1.6335,
  credit: null,
  basis: "delivered",
  ratio: 0.99,
  unpaidPh: 0.0165,
  surplusPh: 0,
  measuredSeconds: 240,
  sinceMs: START_MS,
  isFinal: false,
  level: "ok",
  unreadableSinceMs: null,
  errors: [],
};

/** What a window is made of. */
export interface FakeWindow {
  /** Windows after the first one. @default 0 */
  readonly number?: number;
  /** The factor of the budget; 1 pays for all our workers, 0.01 for 1.008 PH. @default "1" */
  readonly cap?: string;
  /** @default {@link BID} */
  readonly text?: string;
  /** By the host's clock. @default 3 */
  readonly headAgeSeconds?: number | null;
  /** Changes what we won. */
  readonly own?: Partial<ComputedAuction["outcome"]["own"]>;
  /** Changes the result. */
  readonly overrides?: Partial<ComputedAuction["outcome"]>;
}

/** An epoch of the chain that paid a part of the share that was expected. */
export function epochPaid(paidAtBlock: number, paidShare: number): PayComparison {
  const expectedShare = 0.0125;
  return {
    paidAtBlock,
    paidShare,
    paidAlpha: paidShare * 30,
    origin: { firstBlock: paidAtBlock - 900, lastBlock: paidAtBlock - 540 },
    windowsSeen: 6,
    expectedShare,
    certainShare: expectedShare,
    expectedAlpha: expectedShare * 30,
    verdict: paidShare < 0.85 * expectedShare ? "short" : "as-expected",
  };
}

/** Everything a daemon would tell, at times of the test's choice, with no daemon. */
export class FakeAgent implements AsyncDisposable {
  readonly log = new LogRecorder();
  nowMs = START_MS;
  /** How far the host's clock was set. */
  steppedMs = 0;
  readonly clock = new HostClock(() => this.nowMs + this.steppedMs, () => this.nowMs);
  readonly telemetry = new Telemetry({ log: this.log, clock: this.clock });

  observe(event: DaemonEvent): void {
    this.telemetry.observe(event);
  }

  /** Sets the host's clock. */
  step(hours: number): void {
    this.steppedMs += hours * 3_600_000;
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1000;
  }

  /** Reads a configuration; `more` is added to its end, `edit` changes it. */
  async readSettings(
    more = "",
    hotkey = HOTKEY,
    edit = (config: string): string => config,
    unpackCbc?: UnpackCbc,
  ): Promise<void> {
    const files = { readTextFile: () => Promise.resolve(`${edit(CONFIG)}${more}`), exists: () => true };
    const config = await loadConfig("/etc/ih-miner/config.toml", { HOME: "/home/op" }, files, unpackCbc);
    this.observe({ kind: "settings-read", settings: { config, hotkey } });
  }

  /** One run of a job that took a second. */
  run(job: DaemonJob, error: Error | null = null): void {
    this.observe({ kind: "run-started", job });
    this.observe({ kind: "run-ended", job, durationMs: 1000, error });
  }

  async computeWindow(options: FakeWindow = {}): Promise<ValidationWindow> {
    const computed = await computeWindow(options);
    this.observe({ kind: "outcome-computed", computed });
    return computed.window;
  }

  route(overrides: Partial<typeof PROXY> = {}): void {
    this.observe({ kind: "routed", results: [{ ...PROXY, ...overrides }] });
  }

  /** Several proxies. */
  routeProxies(proxies: readonly Partial<typeof PROXY>[]): void {
    this.observe({ kind: "routed", results: proxies.map((overrides) => ({ ...PROXY, ...overrides })) });
  }

  /** Two ASICs at the subnet, one at the fallback. */
  routeAsics(overrides: Partial<FleetReport> = {}, besideProxy = false): void {
    const fleet = { ...FLEET, ...overrides };
    this.observe({ kind: "routed", results: besideProxy ? [PROXY, fleet] : [fleet] });
  }

  /** What the chain paid in the last epochs. */
  pay(comparisons: readonly PayComparison[]): void {
    const shortfall = findPayShortfall(comparisons);
    const report = { comparisons, shortfall, comparableFromBlock: FIRST_WINDOW.firstBlock + 900 };
    this.observe({ kind: "pay-compared", report });
  }

  /** A reading of what is delivered in the first window. */
  measure(overrides: Partial<DeliveryReport> = {}): void {
    this.observe({ kind: "delivery-measured", report: { ...DELIVERY, ...overrides } });
  }

  /** What the workers API says of the first window, in which the workers won at one price. */
  measureCredit(workers: Readonly<Record<string, number>> = { rig1: 0.9, rig2: 0.6 }): void {
    const won = [0.45, 0.45, 0.25, 0.25, 0.25].map((hashratePh) => ({
      hashratePh,
      priceFp18: 1_020_000_000_000_000_000n,
    }));
    const hashrates = Object.entries(workers).map(([worker, hashratePh]) =>
      [worker, BigInt(Math.round(hashratePh * 1e15))] as const
    );
    const credit = reportCredit(won, [new Map(hashrates)], 240);
    const delivery = {
      wonHashratePh: credit.wonHashratePh,
      deliveredPh: credit.deliveredPh,
      countedPh: credit.creditedPh,
      measuredSeconds: 240,
      elapsedSeconds: 240,
      isComplete: false,
    };
    this.measure({
      credit,
      basis: "credited",
      averagePh: credit.deliveredPh,
      ratio: credit.ratio,
      unpaidPh: credit.wonHashratePh - credit.creditedPh,
      surplusPh: surplusOf(delivery),
      level: judgeDelivery(delivery, DEFAULT_DELIVERY_LIMITS),
    });
  }

  /** The end of a hook's program. */
  callHook(hook: HookName, error: string | null = null): void {
    this.observe({ kind: "hook-ended", hook, error });
  }

  /** An alert was posted, or could not be. */
  postAlert(error: string | null = null, isLost = false): void {
    this.observe({ kind: "alert-tried", error, isLost });
  }

  /** A reload was tried again, beside the runs. */
  retryReload(overrides: Partial<typeof PROXY> = {}): void {
    const { changed: _1, skipped: _2, values: _3, identities: _4, diff: _5, ...report } = {
      ...PROXY,
      ...overrides,
    };
    this.observe({ kind: "reload-retried", reports: [report] });
  }

  checkCommitment(overrides: Partial<CommitmentResult> = {}): void {
    this.observe({
      kind: "commitment-checked",
      result: {
        action: "published",
        reason: "missing",
        currentText: null,
        ageSeconds: null,
        endpoint: "wss://node.example/v1/secret",
        netuid: NETUID,
        hotkey: HOTKEY,
        text: BID,
        textBytes: BID.length,
        workerCount: 5,
        headNumber: FIRST_WINDOW.firstBlock,
        submitted: null,
        countsFrom: null,
        dryRun: false,
        ...overrides,
      },
    });
  }

  seeHead(blockNumber: number): void {
    this.observe({ kind: "head-seen", blockNumber, endpoint: "wss://node.example/v1/secret" });
  }

  /** All is well: a window that was won in part, routed, and a bid on the chain. */
  async work(options: FakeWindow = {}): Promise<ValidationWindow> {
    await this.readSettings();
    const window = await this.computeWindow(options);
    this.route();
    this.run("auction");
    this.checkCommitment();
    this.run("commitment");
    this.seeHead(window.firstBlock + 29);
    return window;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.telemetry[Symbol.asyncDispose]();
  }
}

/** The outcome of one of the first windows. */
export async function computeWindow(
  { number = 0, cap = "1", text = BID, headAgeSeconds = 3, own = {}, overrides = {} }: FakeWindow,
): Promise<ComputedAuction> {
  const firstBlock = Array.from({ length: number }).reduce<number>(
    (block) => windowAt(block, epochStart(NETUID, 360, block)).lastBlock + 1,
    FIRST_WINDOW.firstBlock,
  );
  const window = windowAt(firstBlock, epochStart(NETUID, 360, firstBlock));
  const snapshot = makeSnapshot({
    bids: { [HOTKEY]: text },
    firstBlock,
    validators: { validator: { prices: { ...PRICES, cap } } },
  });
  const { outcome, solved } = await computeOutcome({
    snapshot,
    window,
    hotkey: HOTKEY,
    onAmbiguous: "deliver-possible",
    remainingMs: () => 20_000,
  });
  return {
    kind: "computed",
    outcome: { ...outcome, own: { ...outcome.own, ...own }, ...overrides },
    solved,
    snapshot,
    window,
    completed: null,
    splitStorageKey: null,
    pay: null,
    headAgeSeconds,
  };
}
