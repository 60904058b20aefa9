/**
 * A miner's agent against a node that misbehaves: the real jobs in their workers, a real proxy file, and a chain behind a
 * {@linkcode FaultProxy}. Each trial is one fault at one stage of one job, and the run after it.
 *
 * @module
 */

import { Fleet } from "../../../src/delivery/asics/fleet.ts";
import { AuctionKeeper } from "../../../src/agent/auction_keeper.ts";
import { keepCommitment } from "../../../src/agent/commitment_keeper.ts";
import type { DaemonEvent } from "../../../src/agent/events.ts";
import { HeadWatcher } from "../../../src/agent/head_watcher.ts";
import { PublishingPause } from "../../../src/agent/publishing_pause.ts";
import { SettingsSource } from "../../../src/agent/settings.ts";
import { launchAuction, launchCommitment } from "../../../src/agent/workers/launch.ts";
import type { RunningJob } from "../../../src/agent/workers/job_host.ts";
import { requireWorkers } from "../../../src/config/load.ts";
import { BLOCK_TIME_SECONDS } from "../../../src/auction/protocol/constants.ts";
import { FailureLog } from "../../../src/lib/failure_log.ts";
import { type Simulator, startSimulator } from "../../../src/simulator/mod.ts";
import { NETUID, START_BLOCK } from "../../../scripts/scene/market.ts";
import type { Rig } from "../../../scripts/scene/rig.ts";
import { type Fault, FaultProxy } from "../../support/fault_proxy.ts";
import {
  BLOCKS_BACK,
  chainFaults,
  HANDSHAKE_FAULTS,
  MESSAGE_FAULTS,
  otherGenesis,
} from "../../support/faults.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { MAX_GROWTH_BYTES } from "../../support/shared_process.ts";
import { beginNextWindow, setScene } from "../../support/scene.ts";

/** What is tried. */
export const SUBJECTS = ["auction", "commitment", "head"] as const;
export type Subject = typeof SUBJECTS[number];

/** What a single endpoint's failure may cost a run, and a run with a second endpoint, in milliseconds. */
export const LIMIT_MS = { alone: 120_000, withAnother: 3_000 } as const;

/** One trial. */
export interface Trial {
  readonly subject: Subject;
  readonly fault: Fault;
  readonly stage: string;
}

/** How a trial went. */
export interface TrialResult {
  /** Whether the stage was reached. */
  readonly hasStruck: boolean;
  /** How long the run took, in milliseconds. */
  readonly durationMs: number;
  /** The error that the run failed with; `null` if it succeeded in spite of the fault. */
  readonly error: string | null;
  /** What went wrong; none if the agent behaved as it must. */
  readonly complaints: readonly string[];
}

interface Run {
  readonly durationMs: number;
  readonly error: Error | null;
}

/** Where heads must come again after a fault; a silent node is found out within this time when it is the only one. */
const HEAD_LIMIT_MS = 30_000;
const HEAD_INTERVAL_MS = 100;
/** How late a timer may be. */
const TIMER_SLACK_MS = 1_000;
/** How long a closed connection may take to be gone. */
const CLOSING_MS = 2_500;

/** A chain, a misbehaving way to it, and a miner. */
export class FaultBench implements AsyncDisposable {
  readonly faults: readonly Fault[];
  readonly #simulator: Simulator;
  readonly #other: Simulator;
  readonly #proxy: FaultProxy;
  readonly #rig: Rig;
  readonly #settings: SettingsSource;
  readonly #scene: AsyncDisposable;
  readonly #hasAnother: boolean;
  readonly #originalPools: string;
  /** The head at which auctions are run. */
  #headNumber = 0;
  #wantedPools = "";

  private constructor(
    scene: AsyncDisposable & { readonly simulator: Simulator; readonly rig: Rig },
    other: Simulator,
    proxy: FaultProxy,
    hasAnother: boolean,
  ) {
    this.#scene = scene;
    this.#simulator = scene.simulator;
    this.#rig = scene.rig;
    this.#other = other;
    this.#proxy = proxy;
    this.#hasAnother = hasAnother;
    this.#originalPools = Deno.readTextFileSync(scene.rig.poolsPath);
    this.faults = [...HANDSHAKE_FAULTS, ...MESSAGE_FAULTS, ...chainFaults(this.#simulator.chain)]
      .concat(otherGenesis(other.url));
    this.#settings = new SettingsSource({
      configPath: this.#rig.configPath,
      environment: { HOME: this.#rig.folder },
      addressOf: () => Promise.resolve(this.#rig.hotkey),
      claim: () => Promise.resolve(),
    });
  }

  /**
   * Sets the bench up: a bid that the window's auction knows.
   *
   * @param hasAnother whether the configuration names a second endpoint, which is good.
   */
  static async set(hasAnother: boolean): Promise<FaultBench> {
    const scene = await setScene();
    const { simulator, rig } = scene;
    const other = await startSimulator({
      startBlock: START_BLOCK,
      seed: "another chain",
      timestamps: "clock",
    });
    const proxy = new FaultProxy(simulator.url);
    const text = await Deno.readTextFile(rig.configPath);
    const network = hasAnother ? [proxy.url, simulator.url] : [proxy.url];
    await Deno.writeTextFile(
      rig.configPath,
      text.replace(/^network = .*$/m, `network = ${JSON.stringify(network)}`),
    );
    const bench = new FaultBench(scene, other, proxy, hasAnother);
    await bench.#bid();
    beginNextWindow(simulator);
    bench.#headNumber = simulator.chain.head.number;
    await bench.#calmRun("auction");
    bench.#wantedPools = await bench.#pools();
    if (bench.#wantedPools === bench.#originalPools) throw new Error("The rig won nothing: change its bid");
    return bench;
  }

  /** The stages of a subject's run without faults, in order. */
  async stagesOf(subject: Subject): Promise<readonly string[]> {
    await this.#reset(subject);
    this.#proxy.calm();
    if (subject === "head") await this.#follow();
    else await this.#calmRun(subject);
    const stages = this.#proxy.stages;
    await this.#closings();
    return stages;
  }

  /** The faults that can happen at a stage. */
  faultsAt(stage: string): readonly Fault[] {
    return this.faults.filter(({ at }) => (at === "handshake") === (stage === "connect"));
  }

  /** Runs a trial. */
  async try({ subject, fault, stage }: Trial): Promise<TrialResult> {
    const { chain } = this.#simulator;
    const complaints: string[] = [];
    const expect = (isTrue: boolean, what: string): void => void (isTrue || complaints.push(what));
    await this.#reset(subject);
    const startBlock = chain.head.number;
    const submittedBefore = this.#submitted();
    this.#proxy.arm(fault, stage);
    const first = subject === "head" ? await this.#follow() : await this.#run(subject);
    const { hasStruck } = this.#proxy;
    expect(first.durationMs <= this.#limitMs(subject, stage), `took ${Math.round(first.durationMs)} ms`);
    if (first.error !== null) {
      const { message } = first.error;
      expect(message.includes(this.#proxy.url), `does not say where: ${message}`);
      expect(/^Cannot \w+/.test(message), `does not say what: ${message}`);
      if (this.#hasAnother && subject === "auction") complaints.push(`failed: ${message}`);
    }
    const pools = await this.#pools();
    expect(
      pools === this.#wantedPools ||
        (pools === this.#originalPools && (first.error !== null || subject !== "auction")),
      "the proxy's file is neither untouched nor as the auction says",
    );
    // Deno cannot drop a socket whose peer hangs; only the watcher has no worker that takes it along.
    if (subject === "head") this.#proxy.endHanging();
    expect(await this.#closings(), `${this.#proxy.connectionCount} connections are left`);

    this.#proxy.calm();
    this.#proxy.retarget(this.#simulator.url);
    await this.#proxy.isOpen;
    // A chain goes on, and takes what its pool has.
    if (subject === "commitment") chain.setHead(Math.max(startBlock, chain.head.number) + 1);
    const second = subject === "head" ? await this.#follow() : await this.#run(subject);
    expect(second.error === null, `the next run failed: ${second.error?.message}`);
    if (subject === "auction") {
      expect(await this.#pools() === this.#wantedPools, "the next run did not route");
    } else if (subject === "commitment") {
      const count = this.#submitted() - submittedBefore;
      expect(count === 1, `${count} extrinsics are on the chain`);
    }
    expect(await this.#closings(), "the next run left connections");
    return { hasStruck, durationMs: first.durationMs, error: first.error?.message ?? null, complaints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy[Symbol.asyncDispose]();
    await this.#other.close();
    await this.#scene[Symbol.asyncDispose]();
  }

  #limitMs(subject: Subject, stage: string): number {
    if (this.#hasAnother) {
      // That a subscription is silent, or has the wrong ID, shows only when the next block is due.
      const dueMs = /^chain_(newHead|subscribeNewHeads)/.test(stage) ? BLOCK_TIME_SECONDS * 1000 : 0;
      // Finality is due at no time: when the news of it are lost, the run looks at the chain as its time ends.
      if (/^author_(extrinsicUpdate|submitAndWatchExtrinsic)/.test(stage)) return LIMIT_MS.alone;
      // An account that the node does not know looks like one whose extrinsic waits, and what the node refuses is sent up to
      // three times, with half a block in between.
      if (subject === "commitment") return LIMIT_MS.withAnother + CALM_RUN_MS + BLOCK_TIME_SECONDS * 1000;
      return dueMs + LIMIT_MS.withAnother + CALM_RUN_MS;
    }
    // An endpoint that stays one of another chain is watched for the whole limit.
    return subject === "head" ? HEAD_LIMIT_MS + TIMER_SLACK_MS : LIMIT_MS.alone;
  }

  async #reset(subject: Subject): Promise<void> {
    await Deno.writeTextFile(this.#rig.poolsPath, this.#originalPools);
    const { chain } = this.#simulator;
    if (subject === "auction") chain.setHead(this.#headNumber);
    if (subject !== "commitment") return;
    chain.removeCommitment(NETUID, this.#rig.hotkey);
    // Dozens of trials lie in one epoch of the chain.
    chain.setStorage(chain.storageKey("Commitments", "UsedSpaceOf", NETUID, this.#rig.hotkey), null);
    // A head that goes back must neither take the extrinsics of earlier trials along nor bring their bids back.
    chain.advance(BLOCKS_BACK);
  }

  async #bid(): Promise<void> {
    const { config } = await this.#settings.read(new LogRecorder());
    const { text } = requireWorkers(config).commitment;
    this.#simulator.chain.setCommitment({ netuid: NETUID, hotkey: this.#rig.hotkey, data: text });
  }

  /** How many extrinsics the best chain has. */
  #submitted(): number {
    let count = 0;
    for (let block = this.#simulator.chain.head; block.parent !== null; block = block.parent) {
      count += block.extrinsics.length;
    }
    return count;
  }

  #pools(): Promise<string> {
    return Deno.readTextFile(this.#rig.poolsPath);
  }

  async #calmRun(subject: "auction" | "commitment"): Promise<void> {
    const { error } = await this.#run(subject);
    if (error !== null) throw error;
  }

  /** One run of a job, as the service starts it; over when its worker is gone. */
  async #run(job: "auction" | "commitment"): Promise<Run> {
    const log = new LogRecorder();
    const events: DaemonEvent[] = [];
    const ends: Promise<boolean>[] = [];
    const track = <T>(running: RunningJob<T>): RunningJob<T> => {
      ends.push(running.ended);
      return running;
    };
    const context = {
      settings: this.#settings,
      failures: new FailureLog(Date.now),
      hooks: { call: () => {} },
      monotonicMs: () => performance.now(),
      observe: (event: DaemonEvent) => void events.push(event),
      signal: new AbortController().signal,
    };
    if (job === "commitment") {
      await keepCommitment(log, {
        ...context,
        launch: (options) => track(launchCommitment({ ...options, maxGrowthBytes: MAX_GROWTH_BYTES })),
        pause: new PublishingPause(),
        headNumber: () => null,
      });
    } else {
      const keeper = new AuctionKeeper({
        ...context,
        launch: (options) => track(launchAuction({ ...options, maxGrowthBytes: MAX_GROWTH_BYTES })),
        watcher: {
          headNumber: null,
          follow: () => {},
          passOver: () => {},
          ask: () => Promise.reject(new Error("not followed")),
        },
        callbacks: { handleWonBids: () => Promise.resolve(), handleLostBids: () => Promise.resolve() },
        fleet: new Fleet(),
        nowMs: Date.now,
        onFinal: () => {},
        onReloads: () => {},
      });
      await keeper.run(log, "tick");
    }
    const ended = events.find((event) => event.kind === "run-ended");
    if (ended === undefined) throw new Error(`The ${job} run did not end`);
    if ((await Promise.all(ends)).includes(false)) throw new Error(`A worker of the ${job} run is left`);
    return ended;
  }

  /** Follows the head until one comes that was built after the fault, or for the only endpoint's limit. */
  async #follow(): Promise<Run> {
    const { chain } = this.#simulator;
    const startMs = performance.now();
    const seen = Promise.withResolvers<void>();
    const { config } = await this.#settings.read(new LogRecorder());
    let builtAfterFault = Infinity;
    const watcher = new HeadWatcher({
      log: new LogRecorder(),
      onHead: (blockNumber) => {
        if (blockNumber >= builtAfterFault) seen.resolve();
      },
    });
    watcher.follow({ endpoints: config.endpoints, expectedGenesisHash: chain.genesisHash });
    const timer = setInterval(() => {
      chain.advance(1);
      if (this.#proxy.isQuiet) builtAfterFault = Math.min(builtAfterFault, chain.head.number + 1);
    }, HEAD_INTERVAL_MS);
    const limit = setTimeout(
      () => seen.reject(new Error(`Cannot see a head of ${this.#proxy.url}`)),
      HEAD_LIMIT_MS,
    );
    try {
      await seen.promise;
      return { durationMs: performance.now() - startMs, error: null };
    } catch (error) {
      return { durationMs: performance.now() - startMs, error: error as Error };
    } finally {
      clearInterval(timer);
      clearTimeout(limit);
      await watcher.stop();
    }
  }

  /** Whether all connections to the proxy get closed. */
  async #closings(): Promise<boolean> {
    const deadlineMs = performance.now() + CLOSING_MS;
    while (this.#proxy.connectionCount > 0 && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.#proxy.connectionCount === 0;
  }
}

/** What a run takes without a fault, on a busy machine. */
const CALM_RUN_MS = 5_000;
