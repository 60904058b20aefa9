/**
 * Runs the daemon against a simulator in accelerated time. The budget changes from window to window, and each window is
 * compared with an outcome that is computed independently of the daemon.
 *
 * @module
 */

import { join } from "node:path";
import type { AuctionOutcome } from "../../src/auction/outcome.ts";
import { type DaemonParts, realParts, runDaemon } from "../../src/agent/daemon.ts";
import { DEFAULT_AMBIGUITY_POLICY } from "../../src/auction/ambiguity.ts";
import { computeOutcome } from "../../src/agent/jobs/compute_outcome.ts";
import { askProgram, questionAfter } from "../../src/agent/jobs/final_outcome.ts";
import { connectChain } from "../../src/chain/connection.ts";
import { parseToml } from "../../src/lib/toml.ts";
import type { ChainConnection } from "../../src/chain/types.ts";
import type { Logger } from "../../src/lib/log.ts";
import { WINDOW_BLOCKS } from "../../src/auction/protocol/constants.ts";
import type { ValidationWindow } from "../../src/auction/protocol/windows.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { FastScheduler } from "./fast_scheduler.ts";
import { leastCoverTh, type Machines, sumTh } from "./machines.ts";
import {
  NETUID,
  publishPrices,
  renewBids,
  setUpCompetitors,
  setUpMarket,
  START_BLOCK,
  TEMPO,
  windowOf,
} from "./market.ts";
import { replaceRouting, type Rig, setUpRig } from "./rig.ts";

/** The budget factors that the validators publish in turn, when there are no further competitors. */
const CAP_FACTORS = [0.5, 0.35, 0.62, 0.43, 0.75, 0.3, 0.56];
/** By which share each further competitor enlarges the market. */
const COMPETITOR_SHARE = 0.045;

/** Options of {@link runLive}. */
export interface LiveRunOptions {
  readonly windows: number;
  readonly blockTimeMs: number;
  /** The length of a minute of the daemon's schedule. */
  readonly minuteMs: number;
  /**
   * Stops the chain in the middle of a window until the window is delivered and `onWindow` has returned. Otherwise
   * accelerated time on a busy machine asks more of the daemon than real time ever does. @default false
   */
  readonly patient?: boolean;
  /** ASICs that the daemon switches directly, in the place of the proxy. */
  readonly machines?: Machines;
  /** The validators' program; without it the built-in engine decides. */
  readonly program?: LiveProgram;
  /** Number of hotkeys that bid in addition to the demo's market. @default 0 */
  readonly competitors?: number;
  readonly log: Logger;
  /** Called for each window after its delivery. An error ends the run. */
  readonly onWindow?: (window: LiveWindow) => void | Promise<void>;
}

/** A solver for {@link runLive}. */
export interface LiveProgram {
  readonly path: string;
  /** How long it sleeps before it begins. */
  readonly delaySeconds: number;
}

/** The result of one window, after its last delivery so far. */
export interface LiveWindow {
  readonly window: ValidationWindow;
  readonly capFactor: string;
  readonly outcome: AuctionOutcome;
  /** `target_hashrate` in the proxy's file after the delivery, or the total hashrate of the ASICs at the subnet. */
  readonly routed: string;
  /** The same according to the independent computation. */
  readonly expected: string;
  /** Time from the first block to the first reload signal; `null` when the block is older than the daemon. */
  readonly delayMs: number | null;
  /** How often it was delivered: a second time when its outcome is final. */
  readonly deliveries: number;
}

/** Runs the daemon for a number of windows, then removes the folder and stops the simulator. */
export async function runLive(options: LiveRunOptions): Promise<LiveWindow[]> {
  const { firstBlock } = windowOf(START_BLOCK);
  await using simulator = await startSimulator({ startBlock: firstBlock + 40, timestamps: "clock" });
  const { chain } = simulator;
  setUpMarket(chain, firstBlock - 20);
  setUpCompetitors(chain, options.competitors ?? 0, firstBlock - 20);
  publishPrices(chain, "0.5", firstBlock - 3);
  const rig = await setUpRig({ chainUrl: simulator.url });
  if (options.machines !== undefined) {
    options.machines.mineFor(rig.hotkey);
    await replaceRouting(rig, options.machines.configText);
  }
  if (options.program !== undefined) await useProgram(rig, options.program);
  chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
  try {
    return await observe(simulator, rig, options);
  } finally {
    await Deno.remove(rig.folder, { recursive: true });
  }
}

async function observe(simulator: Simulator, rig: Rig, options: LiveRunOptions): Promise<LiveWindow[]> {
  const { windows, blockTimeMs, minuteMs, patient = false, competitors = 0, machines, log, onWindow } =
    options;
  const command = options.program === undefined ? null : [options.program.path];
  const { chain } = simulator;
  await using ownConnection = await connectChain({ endpoints: [simulator.url], nowMs: Date.now });
  const announcedAt = new Map<number, number>();
  const capFactors = new Map<number, string>();
  const seen: LiveWindow[] = [];
  const stop = new AbortController();
  const enough = Promise.withResolvers<void>();

  let turn = 0;
  const capFactor = (): string =>
    (CAP_FACTORS[turn % CAP_FACTORS.length]! * (1 + competitors * COMPETITOR_SHARE)).toFixed(3);
  const unsubscribe = chain.subscribe((event) => {
    if (event.kind !== "best") return;
    const { number } = event.block;
    const window = windowOf(number);
    if (number === window.firstBlock) {
      announcedAt.set(number, performance.now());
      capFactors.set(number, capFactor());
    }
    // In the last block of a window, so that the next budget cannot be known earlier.
    if (number === window.lastBlock) {
      renewBids(chain, competitors, number);
      turn++;
      publishPrices(chain, capFactor(), number);
    }
  });

  let notedBlock = -1;
  const building = setInterval(() => {
    const { number } = chain.head;
    const { firstBlock } = windowOf(number);
    const isMiddle = number - firstBlock === WINDOW_BLOCKS / 2;
    if (!patient || !isMiddle || notedBlock >= firstBlock) chain.advance();
  }, blockTimeMs);
  const parts: DaemonParts = {
    ...realParts(),
    scheduler: new FastScheduler(minuteMs),
    jitterMs: () => 0,
    staggerMs: 0,
    onDelivered: ({ outcome, window }): void => {
      const at = performance.now();
      // At once: what follows takes time, and the next window may be routed meanwhile.
      const routed = machines === undefined
        ? targetHashrate(rig)
        : Promise.resolve(`${sumTh(machines.atSubnet)}TH/s`);
      deliveries = deliveries.then(async () => note(outcome, window, at, await routed)).catch(enough.reject);
    },
  };
  let deliveries = Promise.resolve();
  const note = async (
    outcome: AuctionOutcome,
    window: ValidationWindow,
    at: number,
    routed: string,
  ): Promise<void> => {
    const announced = announcedAt.get(window.firstBlock);
    const isFinal = outcome.stage === "final";
    const wonTh = await expectedWonTh(ownConnection, rig.hotkey, window, isFinal ? command : null);
    const former = seen.at(-1)?.window.firstBlock === window.firstBlock ? seen.pop() : undefined;
    const live: LiveWindow = {
      window,
      outcome,
      capFactor: capFactors.get(window.firstBlock) ?? "0.5",
      routed,
      expected: `${machines === undefined ? wonTh : leastCoverTh(machines.sound, wonTh)}TH/s`,
      delayMs: former?.delayMs ?? (announced === undefined ? null : at - announced),
      deliveries: (former?.deliveries ?? 0) + 1,
    };
    seen.push(live);
    await onWindow?.(live);
    notedBlock = window.firstBlock;
    if (seen.length >= windows && isFinal) enough.resolve();
  };
  const daemon = runDaemon(
    { configPath: rig.configPath, environment: { HOME: rig.folder }, log, signal: stop.signal },
    parts,
  );
  try {
    await Promise.race([enough.promise, daemon]);
  } finally {
    clearInterval(building);
    stop.abort();
    await daemon;
    await deliveries;
    unsubscribe();
  }
  return seen;
}

/** Configures the program behind a script that sleeps first. */
async function useProgram({ folder, configPath }: Rig, { path, delaySeconds }: LiveProgram): Promise<void> {
  const script = join(folder, "slow-cbc");
  await Deno.writeTextFile(script, `#!/bin/sh\nsleep ${delaySeconds}\nexec ${JSON.stringify(path)} "$@"\n`, {
    mode: 0o700,
  });
  await Deno.writeTextFile(configPath, `\n[solver]\ncbc = ${JSON.stringify(script)}\n`, { append: true });
}

/** One line about a window, for people. */
export function describeLiveWindow(
  { window, capFactor, outcome, routed, expected, delayMs }: LiveWindow,
): string {
  const { own, budgetPh } = outcome;
  const delay = delayMs === null ? "(before the daemon)" : `${delayMs.toFixed(0)} ms`;
  return [
    `window ${window.index} from block ${window.firstBlock}`,
    `cap ${capFactor.padEnd(4)} budget ${budgetPh?.toFixed(3).padStart(7)} PH`,
    `won ${String(own.wonCount).padStart(2)} of ${own.wonCount + own.lostCount}`,
    `routed ${routed.padStart(9)} ${routed === expected ? "as expected" : `EXPECTED ${expected}`}`,
    `${outcome.stage}`,
    `after ${delay}`,
  ].join("   ");
}

/**
 * The hashrate that would be routed if the window were computed now, from the same first block, in TH/s.
 *
 * @param command the program that decides; `null` for the built-in engine.
 */
export async function expectedWonTh(
  chain: ChainConnection,
  hotkey: string,
  window: ValidationWindow,
  command: readonly string[] | null,
): Promise<number> {
  const head = await chain.bestHead();
  const snapshot = await chain.readSnapshot({
    netuid: NETUID,
    tempo: TEMPO,
    head,
    firstBlockNumber: window.firstBlock,
  });
  const onAmbiguous = DEFAULT_AMBIGUITY_POLICY;
  const solved = await computeOutcome({ snapshot, window, hotkey, onAmbiguous, remainingMs: () => 20_000 });
  const solver = { engine: "auto", cbcCommand: command, cbcTimeLimitSeconds: 60 } as const;
  const question = questionAfter({ snapshot, window, ...solved }, { solver, onAmbiguous });
  const { outcome: { own } } = question === null
    ? solved
    : await askProgram(question, { limitMs: 60_000, signal: new AbortController().signal });
  return Number((own.routedHashratePh * 1000).toFixed(3));
}

async function targetHashrate({ poolsPath }: Rig): Promise<string> {
  const data = parseToml(await Deno.readTextFile(poolsPath), { source: poolsPath }) as {
    pools: { main: { name: string; target_hashrate?: string }[] };
  };
  return data.pools.main.find(({ name }) => name === "central-proxy")?.target_hashrate ?? "none";
}
