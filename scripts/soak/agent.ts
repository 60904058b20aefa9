/**
 * The real program as a child process: started, hung up, killed and started again, with a clock that can be set.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { agentEnvironment, type LineProcess, startProcess } from "../e2e/processes.ts";
import { keptEnvironment } from "../e2e/stand_in.ts";
import type { Rig } from "../scene/rig.ts";
import { unitEnvironment } from "../scene/unit_environment.ts";
import { holdingsOf } from "./resources.ts";
import type { Sample } from "./slope.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
/** Where Debian's package `faketime` puts it. */
const FAKETIME = `/usr/lib/${Deno.build.arch}-linux-gnu/faketime/libfaketimeMT.so.1`;
const SAMPLE_MS = 1_000;

/** The agent of a soak. */
export class SoakAgent implements AsyncDisposable {
  /** Whether the agent's clock can be set here. */
  readonly hasClock = isFile(FAKETIME);
  readonly samples: Sample[] = [];
  /** Unexpected ends, by exit code or signal. */
  readonly deaths: string[] = [];
  readonly #rig: Rig;
  readonly #unitEnvironment = unitEnvironment();
  readonly #program: string | null;
  readonly #clockPath: string;
  readonly #startMs = performance.now();
  readonly #sampling: number;
  #lives: LineProcess[] = [];
  #lifeStartMs = 0;
  #isEnding = false;

  /** @param program path of the one-file program; `null`: from source. */
  constructor(rig: Rig, program: string | null) {
    this.#rig = rig;
    this.#program = program;
    this.#clockPath = join(rig.folder, "clock");
    Deno.writeTextFileSync(this.#clockPath, "+0");
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** How often it was killed and started again. */
  get restarts(): number {
    return this.#lives.length - 1;
  }

  /** Whether the present process has computed the final outcome of a window. */
  hasComputed(firstBlock: number): boolean {
    return this.#life.lines.some(({ event, stage, first_block }) =>
      event === "Auction results computed" && stage === "final" && first_block === firstBlock
    );
  }

  /** The hashrates that were routed first in a window, and logged as not proven to be the optimum, in TH/s. */
  unprovenTh(firstBlock: number): number[] {
    const lines = this.#lives.flatMap(({ lines }) => lines);
    const unproven = new Set(
      lines.filter(({ event }) => event === "Optimality not proven").map(({ run_id }) => run_id),
    );
    return lines.filter(({ event, stage, first_block, run_id }) =>
      event === "Auction results computed" && stage === "provisional" && first_block === firstBlock &&
      unproven.has(run_id)
    ).map(({ routed_hashrate_ph }) => Number((Number(routed_hashrate_ph) * 1000).toFixed(3)));
  }

  /** The last log lines of the present process. */
  lastLines(count: number): readonly Record<string, unknown>[] {
    return this.#life.lines.slice(-count);
  }

  start(): void {
    this.#isEnding = false;
    const env = {
      ...(this.#program === null ? keptEnvironment() : {}),
      ...this.#unitEnvironment,
      ...agentEnvironment(this.#rig),
      ...(this.#program === null ? { HOME: Deno.env.get("HOME") ?? this.#rig.folder } : {}),
      ...(this.hasClock ? this.#clockEnvironment() : {}),
    };
    const { configPath } = this.#rig;
    const life = this.#program === null
      ? startProcess(Deno.execPath(), ["run", "--quiet", "-A", MAIN, configPath], env)
      : startProcess(this.#program, [configPath], env);
    this.#lives.push(life);
    this.#lifeStartMs = performance.now();
    life.status.then(({ code, signal }) => {
      if (!this.#isEnding) this.deaths.push(signal ?? `exit code ${code}`);
    });
  }

  /** Whether the present process has read its configuration, and listens to signals. */
  get hasStarted(): boolean {
    return this.#life.lines.some(({ event }) => event === "Agent started");
  }

  /** Sends SIGHUP, unless the process has just started: before it listens to the signal, the signal ends it. */
  hangUp(): void {
    if (this.hasStarted && this.deaths.length === 0) this.#life.kill("SIGHUP");
  }

  /** Kills the process with SIGKILL, and starts the next one when it is gone. */
  async killAndRestart(): Promise<void> {
    this.#isEnding = true;
    this.#life.kill("SIGKILL");
    await this.#life.status;
    this.start();
  }

  /** Sets the agent's clock, in seconds off the real time. */
  async setClock(offsetSeconds: number): Promise<void> {
    await Deno.writeTextFile(this.#clockPath, `${offsetSeconds < 0 ? "" : "+"}${offsetSeconds}`);
  }

  /** Stops the process as an operator does. Returns its exit code. */
  async stop(): Promise<number> {
    this.#isEnding = true;
    this.#life.kill("SIGTERM");
    return (await this.#life.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sampling);
    this.#isEnding = true;
    await Promise.all(this.#lives.map((life) => life[Symbol.asyncDispose]()));
  }

  get #life(): LineProcess {
    return this.#lives.at(-1)!;
  }

  #sample(): void {
    if (this.#lives.length === 0 || this.#isEnding) return;
    const held = holdingsOf(this.#life.pid);
    if (held === null) return;
    const nowMs = performance.now();
    this.samples.push({
      ...held,
      life: this.#lives.length,
      atSeconds: (nowMs - this.#startMs) / 1000,
      ageSeconds: (nowMs - this.#lifeStartMs) / 1000,
    });
  }

  #clockEnvironment(): Record<string, string> {
    return {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: this.#clockPath,
      FAKETIME_CACHE_DURATION: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
