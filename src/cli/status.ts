/**
 * `ih-miner status`: shows the status of a running agent in a terminal.
 *
 * @module
 */

import { readEnvironment } from "../config/environment.ts";
import { ConfigError } from "../config/errors.ts";
import { formatListenAddress, type ListenAddress } from "../lib/listen_address.ts";
import { loadConfig, osConfigFiles } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import { STATUS_FORMAT, type StatusReport } from "../operator/status/status_report.ts";
import { renderTerminal, type TerminalOptions } from "../operator/status/terminal.ts";
import type { Command } from "./arguments.ts";
import { fromDocument } from "../lib/document.ts";
import { describeError } from "../lib/errors.ts";
import { printable } from "../lib/printable.ts";
import { writeText } from "../lib/text_stream.ts";
import { EXIT_DONE, EXIT_JOB_FAILED, exitCodeOf } from "./exit_codes.ts";

/** The default address of an agent: the one in the documentation. */
const USUAL_URL = "http://127.0.0.1:9464";
const TIMEOUT_MS = 5_000;
const WATCH_INTERVAL_MS = 2_000;
/** Cursor home, clear to the end: less flicker than clearing the whole screen. */
const REDRAW = "\x1b[H\x1b[J";

/** The dependencies of the command, for tests. */
export interface StatusTools {
  readonly fetch: (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly printOut: (text: string) => void;
  readonly printError: (text: string) => void;
  /** The terminal at stdout, or `null`; read before each output, since it can be resized. */
  readonly terminal: () => TerminalOptions | null;
}

/** The real dependencies. */
export const osStatusTools: StatusTools = {
  fetch,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  printOut: (text) => writeText(Deno.stdout, text),
  printError: (text) => writeText(Deno.stderr, text),
  terminal: () =>
    Deno.stdout.isTerminal() ? { width: Deno.consoleSize().columns, colour: !Deno.noColor } : null,
};

/** The status of the agent is unavailable; the message names the remedy. */
class StatusError extends Error {
  override readonly name = "StatusError";
}

/**
 * Shows the status once, or with `watch` until it is interrupted.
 *
 * @returns 0 if the agent is ready, 1 if it is not or does not answer.
 */
export async function showStatus(
  command: Extract<Command, { name: "status" }>,
  tools: StatusTools = osStatusTools,
): Promise<number> {
  let url: string;
  try {
    url = await agentUrl(command);
  } catch (error) {
    complain(describeError(error).message, tools);
    return exitCodeOf(error);
  }
  for (;;) {
    const exitCode = await showOnce(url, command, tools);
    if (!command.watch) return exitCode;
    await tools.sleep(WATCH_INTERVAL_MS);
  }
}

async function showOnce(
  url: string,
  { json, watch }: Extract<Command, { name: "status" }>,
  tools: StatusTools,
): Promise<number> {
  const terminal = tools.terminal();
  const redraw = watch && terminal !== null && !json ? REDRAW : "";
  try {
    const { document, report } = await fetchStatus(url, tools);
    // With `watch`, print one document per line.
    if (json) tools.printOut(`${printable(JSON.stringify(document, null, watch ? undefined : 2))}\n`);
    else tools.printOut(`${redraw}${renderTerminal(report, terminal ?? { width: 120, colour: false })}`);
    return report.ready ? EXIT_DONE : EXIT_JOB_FAILED;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (redraw !== "") tools.printOut(redraw);
    complain(error.message, tools);
    return EXIT_JOB_FAILED;
  }
}

function complain(message: string, tools: StatusTools): void {
  tools.printError(`ih-miner: ${printable(message)}\n`);
}

/** @throws {StatusError} */
async function fetchStatus(
  url: string,
  tools: StatusTools,
): Promise<{ readonly document: unknown; readonly report: StatusReport }> {
  const from = `${url}/api/status`;
  let document: unknown;
  try {
    const response = await tools.fetch(from, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`it answers with HTTP ${response.status}`);
    document = await response.json();
  } catch (error) {
    throw new StatusError(
      `Cannot get the status from ${from}: ${
        describeError(error).message
      }; check that the agent runs and that its ` +
        "configuration has [http] listen, or name another agent with --url",
    );
  }
  const format = typeof document === "object" && document !== null && "format" in document
    ? document.format
    : null;
  if (format !== STATUS_FORMAT) {
    throw new StatusError(
      `Cannot show the status from ${from}: its format is ${JSON.stringify(format)}, this program supports ` +
        `${STATUS_FORMAT}; use the version of ih-miner that the agent runs`,
    );
  }
  return { document, report: fromDocument(document) as StatusReport };
}

/**
 * The agent's URL without a trailing slash: the given one, else that of the configuration, else the default.
 *
 * @throws {ConfigError} if the named configuration or the URL is invalid.
 */
async function agentUrl({ url, configPath }: Extract<Command, { name: "status" }>): Promise<string> {
  if (url !== undefined) return checkedUrl(url);
  const environment = readEnvironment();
  try {
    const config = await loadConfig(locateConfig(configPath, environment, osConfigFiles.exists), environment);
    return config.httpListen === null ? USUAL_URL : urlOf(config.httpListen);
  } catch (error) {
    if (configPath === undefined && error instanceof ConfigError) return USUAL_URL;
    throw error;
  }
}

function checkedUrl(text: string): string {
  const url = /^https?:\/\//.test(text) ? text : `http://${text}`;
  if (!URL.canParse(url)) {
    const message = `is not a URL: ${JSON.stringify(text)}; give one such as ${USUAL_URL}`;
    throw new ConfigError("--url", [{ key: "", message }]);
  }
  return url.replace(/\/+$/, "");
}

/** The URL of a listen address; an agent that listens on all addresses is asked on loopback. */
function urlOf({ hostname, port }: ListenAddress): string {
  const own: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  return `http://${formatListenAddress({ hostname: own[hostname] ?? hostname, port })}`;
}
