/**
 * Opens many connections to the HTTP endpoint, which runs in a process of its own; sends a byte on each every second and
 * never a whole request; opens anew what the endpoint closes; and asks for `/healthz` meanwhile.
 *
 * `deno task test:connections` does it with 10,000 connections, or as many as `ulimit -n` allows, for ten seconds.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { say, wholeNumber } from "../../../scripts/command_line.ts";
import { freePort } from "../../../scripts/scene/free_port.ts";

const CHILD = fileURLToPath(new URL("endpoint_child.ts", import.meta.url));
const HEALTH_INTERVAL_MS = 100;
/** Files that this process needs beside the connections. */
const OTHER_FILES = 200;

/** What the attack is told: to begin, or to say how many connections it has opened. It answers with that number. */
export type Order = { readonly port: number; readonly count: number } | "how many";

/** What the endpoint went through. */
export interface SlowConnectionsResult {
  /** How many connections were opened, those that replace closed ones included. */
  readonly opened: number;
  readonly healthAnswers: number;
  /** How often `/healthz` was not answered. */
  readonly healthFailures: number;
  readonly slowestHealthMs: number;
  /** The most files that the endpoint's process had open. */
  readonly mostOpenFiles: number;
}

/** Holds that many connections for that long. */
export async function holdConnections(count: number, forMs: number): Promise<SlowConnectionsResult> {
  const port = freePort();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--frozen", CHILD, String(port)],
    stdin: "piped",
    stdout: "null",
  }).spawn();
  const openFiles = (): number => [...Deno.readDirSync(`/proc/${child.pid}/fd`)].length;
  const attack = new Worker(new URL("slow_clients_worker.ts", import.meta.url), { type: "module" });
  try {
    await untilItListens(port);
    await ask(attack, { port, count });
    const healthMs: (number | null)[] = [];
    const endMs = performance.now() + forMs;
    let mostOpenFiles = openFiles();
    while (performance.now() < endMs) {
      healthMs.push(await healthAnswerMs(port));
      mostOpenFiles = Math.max(mostOpenFiles, openFiles());
      await sleep(HEALTH_INTERVAL_MS);
    }
    return {
      opened: await ask(attack, "how many"),
      healthAnswers: healthMs.filter((ms) => ms !== null).length,
      healthFailures: healthMs.filter((ms) => ms === null).length,
      slowestHealthMs: Math.round(Math.max(...healthMs.map((ms) => ms ?? 0))),
      mostOpenFiles,
    };
  } finally {
    attack.terminate();
    await child.stdin.close();
    await child.status;
  }
}

function ask(attack: Worker, message: Order): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  attack.onmessage = ({ data }) => resolve(data);
  attack.onerror = (event) => reject(new Error(event.message));
  attack.postMessage(message);
  return promise;
}

async function untilItListens(port: number): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (await healthAnswerMs(port) === null) {
    if (performance.now() > endMs) throw new Error("The endpoint does not listen");
    await sleep(HEALTH_INTERVAL_MS);
  }
}

/** How long `/healthz` takes, in milliseconds; `null` without an answer. Asked by hand: `fetch()` sends late on a busy host. */
async function healthAnswerMs(port: number): Promise<number | null> {
  const startMs = performance.now();
  try {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const answer = await new Response(connection.readable).text();
    return answer.endsWith("alive\n") ? performance.now() - startMs : null;
  } catch {
    return null;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** How many connections this process can hold. */
async function possibleConnections(): Promise<number> {
  const limits = await Deno.readTextFile("/proc/self/limits");
  // Deno raises the soft limit to the hard one.
  const [, hard = "unlimited"] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  return hard === "unlimited" ? Infinity : Number(hard) - OTHER_FILES;
}

if (import.meta.main) {
  const [count = "10000", seconds = "10"] = Deno.args;
  const wanted = wholeNumber("the number of connections", count);
  const possible = Math.min(wanted, await possibleConnections());
  if (possible < wanted) say(`Only ${possible} connections: raise ulimit -n for more`);
  const result = await holdConnections(possible, 1_000 * wholeNumber("the seconds", seconds));
  say(
    `${possible} slow connections at a time, ${result.opened} in all: ${result.healthAnswers} answers of /healthz ` +
      `and ${result.healthFailures} failures, ` +
      `the slowest after ${result.slowestHealthMs} ms; at most ${result.mostOpenFiles} open files`,
  );
  Deno.exit(result.slowestHealthMs < 1_000 && result.healthFailures === 0 ? 0 : 1);
}
