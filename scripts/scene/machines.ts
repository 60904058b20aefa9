/**
 * ASICs without a proxy, for demos and tests: stand-ins with the cgminer API, and the choice of machines that the agent
 * should make, found by trying every choice.
 *
 * @module
 */

import { SUBNET_ACCOUNT } from "../../src/auction/protocol/constants.ts";
import { type FirmwareDialect, type MinerServer, startMiner } from "../../src/simulator/asic/mod.ts";

/** The numbers of the two pools in every machine's list. A machine starts at the fallback pool. */
export const POOLS = { fallback: 0, subnet: 1 };

export interface Machine {
  readonly name: string;
  /** Both nominal and real. A whole number, so that sums are exact. */
  readonly hashrateTh: number;
  readonly server: MinerServer;
}

/** Options of {@link Machines}. */
export interface MachinesOptions {
  /** Time from the switch command to the first work of the new pool. @default 0 */
  readonly switchMs?: number;
  /** Port of the first machine; the others follow. `null`: any free ports. @default null */
  readonly firstPort?: number | null;
  /**
   * Firmware of the machines in turn. bmminer reports the new pool as soon as it gets the command.
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

  /** Has each machine log in at its pools with a worker id that is credited to a hotkey. */
  mineFor(hotkey: string): void {
    this.all.forEach(({ server }, i) => server.miner.user = `${SUBNET_ACCOUNT}.${hotkey}.asic${i + 1}`);
  }

  /** The `[asic]` section for these machines. */
  get configText(): string {
    const miners = this.all.map(({ name, hashrateTh, server: { host, port } }) =>
      `[[asic.miners]]\nname = "${name}"\naddress = "${host}:${port}"\nhashrate = "${hashrateTh / 1000}"\n`
    );
    return `[asic]\nsubnet_pool = ${POOLS.subnet}\nfallback_pool = ${POOLS.fallback}\n${miners.join("")}`;
  }

  /** The machines that are plugged in and mine for the subnet. */
  get atSubnet(): Machine[] {
    return this.all.filter((machine) =>
      this.isPlugged(machine) && machine.server.miner.currentPool === POOLS.subnet
    );
  }

  /** The machines that are plugged in and have no fault. */
  get sound(): Machine[] {
    return this.all.filter((machine) => this.isPlugged(machine) && machine.server.miner.fault === null);
  }

  /** Whether the machine listens at its address. */
  isPlugged(machine: Machine): boolean {
    return !this.#unplugged.has(machine);
  }

  /** Unplugs machines: they stop listening. */
  async unplug(...machines: readonly Machine[]): Promise<void> {
    await Promise.all(machines.map((machine) => {
      this.#unplugged.add(machine);
      return machine.server.stop();
    }));
  }

  /** Plugs machines in again. They mine for the same pool as before. */
  plug(...machines: readonly Machine[]): void {
    for (const machine of machines) {
      this.#unplugged.delete(machine);
      machine.server.resume();
    }
  }

  /** Unplugs all machines. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.unplug(...this.all);
  }
}

/** Total hashrate of machines, in TH/s. */
export function sumTh(machines: readonly Machine[]): number {
  return machines.reduce((sum, { hashrateTh }) => sum + hashrateTh, 0);
}

/**
 * The least total hashrate among all choices of machines that cover a need, or the total of all machines when no choice
 * does. Takes 2^n steps, so it is for up to about 16 machines.
 */
export function leastCoverTh(machines: readonly Machine[], needTh: number): number {
  let sums = [0];
  for (const { hashrateTh } of machines) sums = [...sums, ...sums.map((sum) => sum + hashrateTh)];
  const covering = sums.filter((sum) => sum >= needTh);
  return covering.length === 0 ? sumTh(machines) : covering.reduce((least, sum) => Math.min(least, sum));
}
