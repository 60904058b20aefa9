/**
 * ASICs without a proxy, for demonstrations and tests: stand-ins with the API of cgminer, and what they should do, found
 * by trying every choice.
 *
 * @module
 */

import { type FirmwareDialect, type MinerServer, startMiner } from "../../src/simulator/asic/mod.ts";

/** The numbers of both pools in every machine's list; the fallback is what it prefers after a start. */
export const POOLS = { fallback: 0, subnet: 1 };

/** One machine. */
export interface Machine {
  readonly name: string;
  /** Nominal and real; whole, so that sums are exact. */
  readonly hashrateTh: number;
  readonly server: MinerServer;
}

/** What machines are like. */
export interface MachinesOptions {
  /** From the command to the first work of the new pool. @default 0 */
  readonly switchMs?: number;
  /** The port of the first one, the others follow; `null`: any free ones. @default null */
  readonly firstPort?: number | null;
  /**
   * Firmware, in turn. That of bmminer says that it is at the new pool as soon as it is told to go there.
   * @default ["cgminer"]
   */
  readonly dialects?: readonly FirmwareDialect[];
}

/** The machines of a rig, named `asic 1`, `asic 2`, …; each listens on 127.0.0.1. */
export class Machines implements AsyncDisposable {
  readonly all: readonly Machine[];
  readonly #unplugged = new Set<Machine>();

  constructor(
    hashratesTh: readonly number[],
    { switchMs = 0, firstPort = null, dialects = ["cgminer"] }: MachinesOptions = {},
  ) {
    this.all = hashratesTh.map((hashrateTh, i) => ({
      name: `asic ${i + 1}`,
      hashrateTh,
      server: startMiner({
        hashratePh: hashrateTh / 1000,
        switchMs,
        port: firstPort === null ? 0 : firstPort + i,
        dialect: dialects[i % dialects.length]!,
      }),
    }));
  }

  /** The section `[asic]` for them. */
  get configText(): string {
    const miners = this.all.map(({ name, hashrateTh, server: { host, port } }) =>
      `[[asic.miners]]\nname = "${name}"\naddress = "${host}:${port}"\nhashrate = "${hashrateTh / 1000}"\n`
    );
    return `[asic]\nsubnet_pool = ${POOLS.subnet}\nfallback_pool = ${POOLS.fallback}\n${miners.join("")}`;
  }

  /** Those that are plugged in and mine for the subnet. */
  get atSubnet(): Machine[] {
    return this.all.filter((machine) =>
      this.isPlugged(machine) && machine.server.miner.currentPool === POOLS.subnet
    );
  }

  /** Those that do what they are told. */
  get sound(): Machine[] {
    return this.all.filter((machine) => this.isPlugged(machine) && machine.server.miner.fault === null);
  }

  /** Whether somebody listens at its address. */
  isPlugged(machine: Machine): boolean {
    return !this.#unplugged.has(machine);
  }

  /** Pulls the plugs: nobody listens there any more. */
  async unplug(...machines: readonly Machine[]): Promise<void> {
    await Promise.all(machines.map((machine) => {
      this.#unplugged.add(machine);
      return machine.server.stop();
    }));
  }

  /** Puts the plugs back. The machines mine where they did. */
  plug(...machines: readonly Machine[]): void {
    for (const machine of machines) {
      this.#unplugged.delete(machine);
      machine.server.resume();
    }
  }

  /** Unplugs all, for good. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.unplug(...this.all);
  }
}

/** What machines deliver together, in TH/s. */
export function sumTh(machines: readonly Machine[]): number {
  return machines.reduce((sum, { hashrateTh }) => sum + hashrateTh, 0);
}

/**
 * The least hashrate that covers a need, over every choice among the machines; that of all together where none covers
 * it. Takes 2^n steps: for some 16 machines.
 */
export function leastCoverTh(machines: readonly Machine[], needTh: number): number {
  let sums = [0];
  for (const { hashrateTh } of machines) sums = [...sums, ...sums.map((sum) => sum + hashrateTh)];
  const covering = sums.filter((sum) => sum >= needTh);
  return covering.length === 0 ? sumTh(machines) : covering.reduce((least, sum) => Math.min(least, sum));
}
