/**
 * A simulated miner: its pools, its switching, its answers. Knows nothing of connections.
 *
 * The answers follow cgminer's api.c: envelopes, codes and texts.
 *
 * @module
 */

import { DIALECTS, type FirmwareDialect } from "./dialect.ts";
import type { MinerFault } from "./fault.ts";

/** Options of a simulated miner. */
export interface SimulatedMinerOptions {
  /** What it really computes, in PH/s. @default {0.1} */
  readonly hashratePh?: number;
  /** Pools, the first preferred. @default {2} */
  readonly poolCount?: number;
  /** From the command to the first work of the new pool. @default {0} */
  readonly switchMs?: number;
  /** @default {"cgminer"} */
  readonly dialect?: FirmwareDialect;
  /** How long it has been running. @default {100_000} */
  readonly elapsedSeconds?: number;
  /** @default performance.now */
  readonly monotonicMs?: () => number;
}

/** A pool of the simulated miner's list. */
interface SimulatedPool {
  readonly url: string;
  isAlive: boolean;
  /** The lowest is preferred. */
  priority: number;
}

const CODES = {
  pools: 7,
  noPool: 8,
  summary: 11,
  invalidCommand: 14,
  version: 22,
  invalidJson: 23,
  missingCommand: 24,
  missingPool: 25,
  invalidPool: 26,
  switching: 27,
  accessDenied: 45,
  privileged: 46,
} as const;

/** State and answers of one miner. Everything a test wants to change can be set. */
export class SimulatedMiner {
  hashratePh: number;
  /** The login at its pools. */
  user = "account.worker";
  switchMs: number;
  elapsedSeconds: number;
  dialect: FirmwareDialect;
  fault: MinerFault | null = null;
  /** Left out of the answers to `pools`, and of `summary`, for firmware that lacks them. */
  readonly missingFields = new Set<string>();
  /** Every command that was understood, with its parameter: `switchpool 1`. */
  readonly commands: string[] = [];

  readonly #pools: SimulatedPool[];
  readonly #monotonicMs: () => number;
  /** The pool it works for, and the one it is on its way to. */
  #working: number | null = 0;
  #underWay: { readonly pool: number; readonly atMs: number } | null = null;

  constructor(options: SimulatedMinerOptions = {}) {
    const {
      hashratePh = 0.1,
      poolCount = 2,
      switchMs = 0,
      dialect = "cgminer",
      elapsedSeconds = 100_000,
      monotonicMs = () => performance.now(),
    } = options;
    this.hashratePh = hashratePh;
    this.switchMs = switchMs;
    this.dialect = dialect;
    this.elapsedSeconds = elapsedSeconds;
    this.#monotonicMs = monotonicMs;
    this.#pools = Array.from({ length: poolCount }, (_, i) => ({
      url: `stratum+tcp://pool-${i}.example.org:3333`,
      isAlive: true,
      priority: i,
    }));
    this.#follow();
  }

  /** The pool it works for now; `null`: none is alive. */
  get currentPool(): number | null {
    this.#arrive();
    return this.#working;
  }

  /** How often it received `switchpool`. */
  get switchCount(): number {
    return this.commands.filter((command) => command.startsWith("switchpool")).length;
  }

  /** Connects or disconnects a pool; the miner follows at once. */
  setPoolAlive(pool: number, isAlive: boolean): void {
    this.#pools[pool]!.isAlive = isAlive;
    this.#underWay = null;
    this.#follow();
  }

  /** Makes it mine at a pool at once, as if the operator had switched it. */
  usePool(pool: number): void {
    this.#prefer(pool);
    this.#underWay = null;
    this.#follow();
  }

  /** Restarts with the pool priorities of its configuration, forgetting any `switchpool`. */
  restart(): void {
    this.#pools.forEach((pool, i) => pool.priority = i);
    this.elapsedSeconds = 0;
    this.#underWay = null;
    this.#follow();
  }

  /** The JSON answer to a request as the dialect writes it, without what ends it. */
  answer(request: string): string {
    const { command, parameter } = parseRequest(request);
    if (command === null) return this.#status("E", CODES.invalidJson, "Invalid JSON");
    if (command === "") return this.#status("E", CODES.missingCommand, "Missing JSON 'command'");
    this.commands.push(parameter === null ? command : `${command} ${parameter}`);
    switch (command) {
      case "summary":
        return this.#section("SUMMARY", [this.#summary()], CODES.summary, "Summary");
      case "pools":
        if (this.#pools.length === 0) return this.#status("E", CODES.noPool, "No pools");
        return this.#section("POOLS", this.#poolEntries(), CODES.pools, `${this.#pools.length} Pool(s)`);
      case "version":
        return this.#section("VERSION", [DIALECTS[this.dialect].version], CODES.version, "CGMiner versions");
      case "privileged":
        return this.fault?.kind === "denied"
          ? this.#status("E", CODES.accessDenied, "Access denied to 'privileged' command")
          : this.#status("S", CODES.privileged, "Privileged access OK");
      case "switchpool":
        return this.#switchPool(parameter);
      default:
        return this.#status("E", CODES.invalidCommand, "Invalid command");
    }
  }

  #switchPool(parameter: string | null): string {
    const { fault } = this;
    if (fault?.kind === "denied") {
      return this.#status("E", CODES.accessDenied, "Access denied to 'switchpool' command");
    }
    if (fault?.kind === "refuse") return this.#status("E", CODES.invalidCommand, "Invalid command");
    if (parameter === null || parameter === "") {
      return this.#status("E", CODES.missingPool, "Missing pool id parameter");
    }
    // As C's atoi() reads it.
    const number = Number.parseInt(parameter, 10) || 0;
    const pool = this.#pools[number];
    if (pool === undefined) {
      const range = `Invalid pool id ${number} - range is 0 - ${this.#pools.length - 1}`;
      return this.#status("E", CODES.invalidPool, range);
    }
    if (fault?.kind !== "liar") {
      this.#arrive();
      this.#prefer(number);
      const target = this.#preferred();
      this.#underWay = target === null || target === this.#working
        ? null
        : { pool: target, atMs: this.#monotonicMs() + this.switchMs };
    }
    return this.#status("S", CODES.switching, `Switching to pool ${number}:'${pool.url}'`);
  }

  /** The pool becomes the first; the others keep their order. */
  #prefer(number: number): void {
    const others = this.#pools.filter((_, i) => i !== number).toSorted((a, b) => a.priority - b.priority);
    [this.#pools[number]!, ...others].forEach((pool, priority) => pool.priority = priority);
  }

  #preferred(): number | null {
    const [first] = this.#pools.filter(({ isAlive }) => isAlive).toSorted((a, b) => a.priority - b.priority);
    return first === undefined ? null : this.#pools.indexOf(first);
  }

  #follow(): void {
    this.#working = this.#preferred();
  }

  #arrive(): void {
    if (this.#underWay === null || this.#monotonicMs() < this.#underWay.atMs) return;
    this.#working = this.#underWay.pool;
    this.#underWay = null;
  }

  #summary(): Record<string, unknown> {
    const isIdle = this.fault?.kind === "idle" || this.currentPool === null;
    return this.#without({
      Elapsed: this.elapsedSeconds,
      ...DIALECTS[this.dialect].hashrates(isIdle ? 0 : this.hashratePh),
      ...DIALECTS[this.dialect].ratios,
      "Found Blocks": 0,
      Accepted: 45517,
      Rejected: 98,
      "Hardware Errors": 0,
      "Best Share": 229146072015,
    });
  }

  #poolEntries(): Record<string, unknown>[] {
    const current = this.currentPool;
    const { isStratumActive, ratios } = DIALECTS[this.dialect];
    return this.#pools.map(({ url, isAlive, priority }, i) =>
      this.#without({
        POOL: i,
        URL: url,
        Status: isAlive ? "Alive" : "Dead",
        Priority: priority,
        Quota: 1,
        "Long Poll": "N",
        User: this.user,
        "Has Stratum": true,
        "Stratum Active": isAlive && isStratumActive(i === current),
        "Stratum URL": isAlive ? `pool-${i}.example.org` : "",
        "Has GBT": false,
        "Pool Stale%": 0,
        ...ratios,
      })
    );
  }

  #without(fields: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(fields).filter(([name]) => !this.missingFields.has(name)));
  }

  #section(name: string, entries: readonly unknown[], code: number, message: string): string {
    return this.#write({ STATUS: [this.#statusEntry("S", code, message)], [name]: entries, id: 1 });
  }

  #status(letter: "S" | "E", code: number, message: string): string {
    return this.#write({ STATUS: [this.#statusEntry(letter, code, message)], id: 1 });
  }

  #write(answer: unknown): string {
    const { write = JSON.stringify } = DIALECTS[this.dialect];
    return write(answer);
  }

  #statusEntry(letter: "S" | "E", code: number, message: string): Record<string, unknown> {
    const { description } = DIALECTS[this.dialect];
    return {
      STATUS: letter,
      When: Math.floor(Date.now() / 1000),
      Code: code,
      Msg: message,
      Description: description,
    };
  }
}

/** `command` is `null` for invalid JSON and empty if it is missing. */
function parseRequest(request: string): { command: string | null; parameter: string | null } {
  let fields: unknown;
  try {
    fields = JSON.parse(request);
  } catch {
    return { command: null, parameter: null };
  }
  if (typeof fields !== "object" || fields === null) return { command: null, parameter: null };
  const { command, parameter } = fields as { command?: unknown; parameter?: unknown };
  return {
    command: typeof command === "string" ? command : "",
    parameter: parameter === undefined ? null : String(parameter),
  };
}
