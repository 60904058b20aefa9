/**
 * Simulated miners and a fleet that drives them, with pauses that last a hundredth.
 *
 * @module
 */

import { Fleet } from "../../../src/delivery/asics/fleet.ts";
import type { CgminerConnect } from "../../../src/delivery/asics/cgminer_api.ts";
import type { AsicMiner, FleetConfig } from "../../../src/delivery/asics/fleet_config.ts";
import type { FleetReport, MinerReport } from "../../../src/delivery/asics/fleet_report.ts";
import { parseFp18 } from "../../../src/auction/protocol/fp18.ts";
import { type MinerServer, type SimulatedMiner, startMiner } from "../../../src/simulator/asic/mod.ts";

/** Pool numbers of every miner of the rig: the fallback is what it is configured to prefer. */
export const FALLBACK_POOL = 0;
export const SUBNET_POOL = 1;

/** What a run of the rig is asked for. */
export interface RigRun {
  /** @default {"window 1"} */
  readonly windowKey?: string | null;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** Miners named a, b, c, … with the given nominal hashrates in TH/s. */
export class Rig {
  readonly servers: readonly MinerServer[];
  readonly config: FleetConfig;
  readonly fleet: Fleet;
  /** Pauses asked for, in milliseconds. */
  readonly pausesMs: number[] = [];
  /** Added to the clock. */
  passedMs = 0;
  /** The port of each question, in order. */
  readonly askedPorts: number[] = [];
  openConnections = 0;
  mostConnections = 0;

  constructor(hashratesTh: readonly number[], { timeoutMs = 1000, share = 1, switchMs = 0 } = {}) {
    this.servers = hashratesTh.map((hashrateTh) =>
      startMiner({ hashratePh: hashrateTh / 1000, poolCount: 3, switchMs })
    );
    const miners = this.servers.map(({ host, port }, i): AsicMiner => ({
      name: i < 26 ? String.fromCharCode(97 + i) : `m${i}`,
      host,
      port,
      hashrateFp18: parseFp18(String(hashratesTh[i]! / 1000)),
      subnetPool: SUBNET_POOL,
      fallbackPool: FALLBACK_POOL,
    }));
    this.config = { miners, share, timeoutMs };
    this.fleet = new Fleet({
      connect: this.#connect,
      sleep: (ms) => {
        this.pausesMs.push(ms);
        return new Promise((resolve) => setTimeout(resolve, ms / 100));
      },
      monotonicMs: () => performance.now() + this.passedMs,
    });
  }

  /** Has the fleet deliver so many TH/s. */
  async apply(
    wonTh: number,
    { windowKey = "window 1", dryRun = false, signal }: RigRun = {},
  ): Promise<FleetReport> {
    const wonSizes = wonTh === 0 ? [] : [String(wonTh / 1000)];
    return await this.fleet.apply(this.config, { wonSizes }, { windowKey, dryRun, signal });
  }

  /** Lets so much time pass that a machine is judged again after a change of pool. */
  settle(): void {
    this.passedMs += 121_000;
  }

  server(name: string): MinerServer {
    return this.servers[this.#index(name)]!;
  }

  miner(name: string): SimulatedMiner {
    return this.server(name).miner;
  }

  /** The names of those that mine at the subnet's pool. */
  get atSubnet(): string {
    return this.config.miners.filter((_, i) => this.servers[i]!.miner.currentPool === SUBNET_POOL)
      .map(({ name }) => name).join("");
  }

  /** Forgets who was told to switch, and says who was. */
  takeSwitched(): string {
    const switched = this.config.miners.filter((_, i) => this.servers[i]!.miner.switchCount > 0);
    for (const { miner } of this.servers) miner.commands.length = 0;
    return switched.map(({ name }) => name).join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  #index(name: string): number {
    return this.config.miners.findIndex((miner) => miner.name === name);
  }

  readonly #connect: CgminerConnect = async (options) => {
    this.askedPorts.push(options.port);
    const connection = await Deno.connect(options);
    this.openConnections++;
    this.mostConnections = Math.max(this.mostConnections, this.openConnections);
    return {
      read: (buffer) => connection.read(buffer),
      write: (data) => connection.write(data),
      close: () => {
        this.openConnections--;
        connection.close();
      },
    };
  };
}

/** What is said of a machine. */
export function about(report: FleetReport, name: string): MinerReport {
  return report.miners.find((miner) => miner.name === name)!;
}

/** The machines with problems, as `name: kind`. */
export function problems(report: FleetReport): string[] {
  return report.miners.flatMap(({ name, problem }) => problem === null ? [] : [`${name}: ${problem.kind}`]);
}
