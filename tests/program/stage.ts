/**
 * Where the one-file program is tried, alone: an empty folder, an empty HOME, an empty PATH; a chain, and a rig that has
 * bid.
 *
 * `$IH_MINER_PROGRAMS` names the files to test, separated by colons; `deno task test:program` builds both forms and
 * sets it.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { type LineProcess, startProcess } from "../../scripts/e2e/processes.ts";
import { epochStart, windowAt } from "../../src/auction/protocol/windows.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { NETUID, publishPrices, setUpMarket, TEMPO } from "../../scripts/scene/market.ts";
import { type Rig, setUpRig } from "../../scripts/scene/rig.ts";

const START_BLOCK = 7_500_000;
/** The bid of a rig's configuration. At the prices of the stage, 1.4 of its 1.65 PH/s win. */
const BID = "2;b;BTC,1.02=0.25:3,0.45:2";

/** A file to test. */
export interface Program {
  readonly path: string;
  readonly name: string;
  /** Whether it is the self-extracting form. */
  readonly isScript: boolean;
}

/** The files to test. */
export const programs: readonly Program[] = await Promise.all(
  (Deno.env.get("IH_MINER_PROGRAMS") ?? "").split(":").filter((path) => path !== "")
    .map(async (path) => ({ path: resolve(path), name: basename(path), isScript: await isScript(path) })),
);

/** Defines tests for each program, or where there is none a test that says why. */
export function forEachProgram(what: string, define: (program: Program) => void): void {
  if (programs.length === 0) {
    Deno.test({
      name: `${what} (skipped: $IH_MINER_PROGRAMS names none; run deno task test:program)`,
      ignore: true,
      fn: () => {},
    });
  }
  for (const program of programs) define(program);
}

/** What stands before the program, and what its environment has. */
export interface RunOptions {
  /** Words before the program. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How a run ended. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A chain, a rig, and an empty folder for one program. */
export class Stage implements AsyncDisposable {
  private constructor(
    readonly program: Program,
    readonly simulator: Simulator,
    readonly rig: Rig,
    /** The folder the program runs in. */
    readonly empty: string,
  ) {}

  /** @param hasBid whether the rig's bid is on the chain already. @default false */
  static async open(program: Program, { hasBid = false } = {}): Promise<Stage> {
    const { firstBlock } = windowAt(START_BLOCK, epochStart(NETUID, TEMPO, START_BLOCK));
    const simulator = await startSimulator({ startBlock: firstBlock + 5, timestamps: "clock" });
    const { chain } = simulator;
    setUpMarket(chain, firstBlock - 20);
    publishPrices(chain, "0.5", firstBlock - 3);
    const rig = await setUpRig({ chainUrl: simulator.url });
    chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
    if (hasBid) {
      chain.setCommitment({ netuid: NETUID, hotkey: rig.hotkey, data: BID, block: firstBlock - 20 });
    }
    return new Stage(program, simulator, rig, await Deno.makeTempDir());
  }

  /** What the self-extracting form unpacks to: one for all tests of a program, since that takes seconds. */
  get cache(): string {
    return `${this.program.path}.cache`;
  }

  /** Adds sections to the configuration. */
  async configure(sections: string): Promise<void> {
    await Deno.writeTextFile(this.rig.configPath, `\n${sections}`, { append: true });
  }

  /** Runs the program to its end. */
  async run(args: readonly string[], { under = [], env = {} }: RunOptions = {}): Promise<Run> {
    const [command, ...rest] = [...under, this.program.path, ...args];
    const { code, stdout, stderr } = await new Deno.Command(command!, {
      args: rest,
      cwd: this.empty,
      clearEnv: true,
      env: { ...this.#environment, ...env },
      stdin: "null",
    }).output();
    const text = new TextDecoder();
    return { code, out: text.decode(stdout), err: text.decode(stderr) };
  }

  /** Starts the program as a service. */
  start({ under = [], env = {} }: RunOptions = {}): LineProcess {
    const [command, ...rest] = [...under, this.program.path, this.rig.configPath];
    return startProcess(command!, rest, { ...this.#environment, ...env }, this.empty);
  }

  nextWindow(): void {
    const { chain } = this.simulator;
    const { lastBlock } = windowAt(chain.head.number, epochStart(NETUID, TEMPO, chain.head.number));
    chain.setHead(lastBlock + 4);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.simulator.close();
    await Deno.remove(this.rig.folder, { recursive: true });
    await Deno.remove(this.empty, { recursive: true });
  }

  get #environment(): Readonly<Record<string, string>> {
    return { HOME: "", PATH: "", IH_MINER_CACHE: this.cache };
  }
}

async function isScript(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const first = new Uint8Array(1);
  await file.read(first);
  // An ELF file begins with it.
  return first[0] !== 0x7f;
}
