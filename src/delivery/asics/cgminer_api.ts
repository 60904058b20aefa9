/**
 * A client of the cgminer API: one request, one TCP connection, one answer.
 *
 * The protocol follows cgminer's API-README, which bmminer, BOSminer, LuxOS, VNish and others implement. Machines are not
 * trusted: anything they send ends as an answer or a {@link CgminerError}.
 *
 * @module
 */

import { type AsicMiner, minerAddress } from "./fleet_config.ts";
import { numberOf, objectsOf, parseCgminerJson } from "./cgminer_json.ts";

/**
 * - `unreachable`: no connection, or it broke before any answer
 * - `timeout`: no complete answer in time
 * - `garbled`: the answer does not follow the protocol
 * - `denied`: the machine does not allow the command (code 45)
 * - `no-such-pool`: the machine has no pool with this number (code 26)
 * - `refused`: the machine answers with another error
 */
export type CgminerErrorKind = "unreachable" | "timeout" | "garbled" | "denied" | "no-such-pool" | "refused";

/** A request failed. The message says what to do. */
export class CgminerError extends Error {
  override readonly name = "CgminerError";

  constructor(readonly kind: CgminerErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** A request. */
export interface CgminerQuestion {
  readonly command: "summary" | "pools" | "switchpool" | "privileged" | "version";
  readonly parameter?: string;
}

/** A successful answer: its sections, such as `POOLS`, and `STATUS`. */
export type CgminerAnswer = Readonly<Record<string, unknown>>;

/** An open connection. */
export interface CgminerConnection {
  /** Resolves with `null` when the other side has closed. */
  read(buffer: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  /** Pending calls reject. */
  close(): void;
}

/** Opens a connection until the signal aborts. Errors are those of `Deno.connect`. */
export type CgminerConnect = (
  options: { readonly hostname: string; readonly port: number; readonly signal: AbortSignal },
) => Promise<CgminerConnection>;

/** Options of {@linkcode askMiner}. */
export interface AskOptions {
  /** For the whole request, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** @default Deno.connect */
  readonly connect?: CgminerConnect | undefined;
}

export const MAX_MINER_ANSWER_BYTES = 1_000_000;
/** `MSG_INVPID` and `MSG_ACCDENY` in cgminer's api.c. */
const CODE_INVALID_POOL = 26;
const CODE_ACCESS_DENIED = 45;
/** What cgminer does with hosts that it is not configured to answer. */
const CLOSED_AT_ONCE =
  "it closes the connection without an answer, perhaps because its api-allow lacks this host";

/**
 * Sends a request to a machine.
 *
 * @throws {CgminerError} if the request fails.
 * @throws the signal's reason if it aborts.
 */
export async function askMiner(
  miner: Pick<AsicMiner, "host" | "port">,
  question: CgminerQuestion,
  { timeoutMs, signal, connect = Deno.connect }: AskOptions,
): Promise<CgminerAnswer> {
  signal?.throwIfAborted();
  const address = minerAddress(miner);
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), timeoutMs);
  const onAbort = (): void => ending.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const exchange = { received: 0 };
  try {
    const text = await converse(miner, question, { connect, ending: ending.signal, exchange });
    if (exchange.received === 0) throw new Error(CLOSED_AT_ONCE);
    return checkAnswer(parseCgminerJson(text), question, address);
  } catch (error) {
    if (error instanceof CgminerError) throw error;
    if (signal?.aborted) throw signal.reason;
    throw errorOf(error, { address, question, timeoutMs, timedOut: ending.signal.aborted, ...exchange });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

interface Conversation {
  readonly connect: CgminerConnect;
  readonly ending: AbortSignal;
  /** Counts the received bytes, even if the conversation fails. */
  readonly exchange: { received: number };
}

async function converse(
  { host, port }: Pick<AsicMiner, "host" | "port">,
  question: CgminerQuestion,
  { connect, ending, exchange }: Conversation,
): Promise<string> {
  const connection = await connect({ hostname: host, port, signal: ending });
  let isOpen = true;
  const close = (): void => {
    if (isOpen) connection.close();
    isOpen = false;
  };
  ending.addEventListener("abort", close, { once: true });
  try {
    ending.throwIfAborted();
    await writeAll(connection, new TextEncoder().encode(JSON.stringify(question)));
    return await readAnswer(connection, exchange);
  } finally {
    ending.removeEventListener("abort", close);
    close();
  }
}

async function writeAll(connection: CgminerConnection, data: Uint8Array): Promise<void> {
  for (let written = 0; written < data.length;) {
    written += await connection.write(data.subarray(written));
  }
}

/** An answer ends with a NUL, or with the connection if the machine sends none. */
async function readAnswer(connection: CgminerConnection, exchange: { received: number }): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  let text = "";
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return text + decoder.decode();
    exchange.received += count;
    if (exchange.received > MAX_MINER_ANSWER_BYTES) return text;
    const chunk = buffer.subarray(0, count);
    const end = chunk.indexOf(0);
    // Ignore NULs at the beginning.
    if (end !== -1 && (end > 0 || text !== "")) return text + decoder.decode(chunk.subarray(0, end));
    text += decoder.decode(chunk, { stream: true });
  }
}

function checkAnswer(
  answer: Record<string, unknown> | null,
  { command }: CgminerQuestion,
  address: string,
): CgminerAnswer {
  const status = answer === null ? null : statusOf(answer);
  if (answer === null || status === null) {
    throw new CgminerError(
      "garbled",
      `Cannot parse the answer of ${address} to ${command}: it is not the JSON of the cgminer API; check that ` +
        "the address is a miner's API, and restart the miner if it worked before",
    );
  }
  // S, I and W mean success; E is an error of the request, F one of the miner.
  if (status.letter !== "E" && status.letter !== "F") return answer;
  const said = `${JSON.stringify(status.message)} (code ${status.code ?? "unknown"})`;
  if (status.code === CODE_ACCESS_DENIED) {
    throw new CgminerError(
      "denied",
      `${address} does not let this host use ${command}: ${said}; allow it in the miner's configuration, ` +
        'as in "api-allow": "W:<this host\'s address>"',
    );
  }
  if (status.code === CODE_INVALID_POOL) {
    throw new CgminerError(
      "no-such-pool",
      `${address} has no such pool: ${said}; correct subnet_pool or fallback_pool of this miner`,
    );
  }
  throw new CgminerError(
    "refused",
    `${address} refuses ${command}: ${said}; see the miner's log, and check that its firmware has this command`,
  );
}

interface Status {
  readonly letter: string;
  readonly code: number | null;
  readonly message: string;
}

/** `STATUS` is a list of one object; some firmware puts its members at the top level instead. */
function statusOf(answer: Record<string, unknown>): Status | null {
  const { STATUS: section } = answer;
  const fields = typeof section === "string" ? answer : objectsOf(section)[0];
  const letter = fields?.["STATUS"];
  if (fields === undefined || typeof letter !== "string" || !/^[SIWEF]$/i.test(letter)) return null;
  const message = fields["Msg"];
  return {
    letter: letter.toUpperCase(),
    code: numberOf(fields["Code"]),
    message: typeof message === "string" ? message.slice(0, 200) : "",
  };
}

interface Failure {
  readonly address: string;
  readonly question: CgminerQuestion;
  readonly timeoutMs: number;
  readonly timedOut: boolean;
  /** Bytes. */
  readonly received: number;
}

function errorOf(
  cause: unknown,
  { address, question: { command }, timeoutMs, timedOut, received }: Failure,
): CgminerError {
  if (timedOut) {
    const what = received === 0 ? "there was no answer" : `only ${received} bytes of the answer arrived`;
    return new CgminerError(
      "timeout",
      `${address} did not answer ${command}: ${what} within ${
        Math.round(timeoutMs)
      } ms; check that the miner runs ` +
        "and is not blocked by a firewall, or set a longer timeout in [asic]",
      { cause },
    );
  }
  const reason = cause instanceof Deno.errors.ConnectionRefused
    ? "nothing listens there"
    : cause instanceof Error
    ? cause.message
    : String(cause);
  return new CgminerError(
    "unreachable",
    `Cannot ask ${address} for ${command}: ${reason}; check that the miner runs, its address, and that its API is on`,
    { cause },
  );
}
