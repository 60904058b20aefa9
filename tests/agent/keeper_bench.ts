import assert from "node:assert/strict";
import { DEFAULT_AMBIGUITY_POLICY } from "../../src/auction/ambiguity.ts";
import { join } from "node:path";
import { makeSnapshot, type SnapshotFixture } from "../auction/inputs/make_snapshot.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { Fleet } from "../../src/delivery/asics/fleet.ts";
import { AuctionKeeper, type AuctionTrigger } from "../../src/agent/auction_keeper.ts";
import type { DaemonEvent } from "../../src/agent/events.ts";
import { FailureLog } from "../../src/lib/failure_log.ts";
import { SettingsSource } from "../../src/agent/settings.ts";
import type { KnownWindow } from "../../src/agent/jobs/auction_job.ts";
import type { AuctionResult, ComputedAuction } from "../../src/agent/jobs/auction_result.ts";
import { computeOutcome } from "../../src/agent/jobs/compute_outcome.ts";
import { epochStart, windowAt } from "../../src/auction/protocol/windows.ts";
import type { RunningJob } from "../../src/agent/workers/job_host.ts";

export const NETUID = 89;
export const HOTKEY = "me";
export const WINDOW = windowAt(8_000_000, epochStart(NETUID, 360, 8_000_000));
const SPLIT_KEY = "0xsplit";

export const POOLS = `[[pools.main]]
name = "central-proxy" # ours
target_hashrate = "5TH/s"
`;

/** What the real job would find in the window that begins at `firstBlock`. */
export async function computed(
  firstBlock: number,
  text: string,
  overrides: Partial<ComputedAuction> = {},
  market: SnapshotFixture = {},
): Promise<ComputedAuction> {
  const window = windowAt(firstBlock, epochStart(NETUID, 360, firstBlock));
  assert.equal(window.firstBlock, firstBlock);
  const snapshot = makeSnapshot({ ...market, bids: { [HOTKEY]: text, ...market.bids }, firstBlock });
  const solved = await computeOutcome({
    snapshot,
    window,
    hotkey: HOTKEY,
    onAmbiguous: DEFAULT_AMBIGUITY_POLICY,
    remainingMs: () => 20_000,
  });
  return {
    kind: "computed",
    ...solved,
    snapshot,
    window,
    completed: null,
    splitStorageKey: SPLIT_KEY,
    pay: null,
    headAgeSeconds: 3,
    ...overrides,
  };
}

/** What is looked at of the documents that hooks get. */
interface HookDocument {
  readonly status: string;
  readonly stage?: string;
  readonly wonCount?: number;
  readonly error?: { readonly name: string; readonly message: string };
  readonly routing?: { readonly mode: string; readonly changed?: boolean };
}

/** A keeper with a proxy file of its own, a scripted job and a scripted node. */
export class KeeperBench implements AsyncDisposable {
  readonly log = new LogRecorder();
  readonly launches: (KnownWindow | null)[] = [];
  readonly announced: number[] = [];
  readonly events: DaemonEvent[] = [];
  /** What the node says. */
  readonly node = { headNumber: null as number | null, hash: "", split: "0x1234" as unknown, questions: 0 };
  /** What the next jobs answer. */
  answers: (AuctionResult | Error)[] = [];
  /** The programs that were called, and what they were told. */
  readonly hooks: [name: string, document: HookDocument][] = [];
  nowMs = 1_000_000;
  /** How far the host's clock was set. */
  steppedMs = 0;
  readonly keeper: AuctionKeeper;
  readonly stop = new AbortController();
  /** How many times the followed node was given up. */
  passedOver = 0;
  /** How many times an answer waited for a run. */
  finals = 0;
  /** Whether a reload was pending, after each routing. */
  readonly reloads: boolean[] = [];

  constructor(readonly folder: string) {
    const settings = new SettingsSource({
      configPath: join(folder, "config.toml"),
      environment: { HOME: folder },
      addressOf: () => Promise.resolve(HOTKEY),
      claim: () => Promise.resolve(),
    });
    const node = this.node;
    this.keeper = new AuctionKeeper({
      settings,
      launch: ({ known }) => this.#launch(known),
      watcher: {
        get headNumber() {
          return node.headNumber;
        },
        follow: () => {},
        passOver: () => this.passedOver++,
        ask: (method) => {
          node.questions++;
          return Promise.resolve(method === "chain_getBlockHash" ? node.hash : node.split);
        },
      },
      callbacks: {
        handleWonBids: () => Promise.reject(new Error("integrator's bug")),
        handleLostBids: async () => {},
      },
      fleet: new Fleet(),
      hooks: { call: (name, document) => this.hooks.push([name, document as HookDocument]) },
      failures: new FailureLog(() => this.nowMs),
      nowMs: () => this.nowMs + this.steppedMs,
      monotonicMs: () => this.nowMs,
      observe: (event) => this.events.push(event),
      signal: this.stop.signal,
      onFinal: () => this.finals++,
      onReloads: (isPending) => this.reloads.push(isPending),
    });
  }

  static async set(routing = ""): Promise<KeeperBench> {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(join(folder, "pools.toml"), POOLS);
    const bench = new KeeperBench(folder);
    await bench.configure(`worker_sizes = { "0.45" = 2 }`, routing);
    return bench;
  }

  /** Writes the configuration. `more` is TOML text that follows its sections. */
  configure(workers: string, routing = "", more = ""): Promise<void> {
    return Deno.writeTextFile(
      join(this.folder, "config.toml"),
      `[bittensor]\nnetwork = "local"\nnetuid = ${NETUID}\n[wallet]\nname = "a"\nhotkey_name = "b"\ndirectory = "c"\n` +
        `[workers]\nprice_multiplier = "1.0"\n${workers}\n[routing]\npools_path = "${this.folder}/pools.toml"\n${routing}\n` +
        `[state]\ndirectory = "${this.folder}/state"\n${more}\n`,
    );
  }

  run(trigger: AuctionTrigger = "tick"): Promise<void> {
    return this.keeper.run(this.log, trigger);
  }

  async target(): Promise<string | undefined> {
    return /target_hashrate = "(.*)"/.exec(await Deno.readTextFile(join(this.folder, "pools.toml")))?.[1];
  }

  async wasReloaded(): Promise<boolean> {
    const path = join(this.folder, ".reload-ihp");
    const there = await Deno.stat(path).then(() => true, () => false);
    if (there) await Deno.remove(path);
    return there;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keeper.stop();
    await Deno.remove(this.folder, { recursive: true });
  }

  #launch(known: KnownWindow | null): RunningJob<AuctionResult> {
    this.launches.push(known);
    const answer = this.answers.shift() ?? new Error("nothing scripted");
    return {
      result: answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer),
      ended: Promise.resolve(true),
      announceHead: () => {},
    };
  }
}
