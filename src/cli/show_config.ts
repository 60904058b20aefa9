/**
 * `ih-miner config [CONFIG]`: shows the effective configuration and the origin of each value.
 *
 * @module
 */

import type { EffectiveSetting } from "../config/effective.ts";
import { unpackBundledCbc } from "../auction/solver/cbc/bundled_cbc.ts";
import type { EngineChoice } from "../auction/solver/types.ts";
import type { CbcOrigin } from "../config/cbc_choice.ts";
import { type CbcLook, describeBuild, lookAtCbc } from "../operator/check/cbc_look.ts";
import { type Environment, ENVIRONMENT_NAMES, readEnvironment } from "../config/environment.ts";
import { ConfigError } from "../config/errors.ts";
import { type Config, loadConfig, osConfigFiles } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import { TIER_RULE } from "../auction/credit/tiers.ts";
import { MAX_COMMITMENT_BYTES } from "../auction/protocol/constants.ts";
import type { Command } from "./arguments.ts";
import { documentText, toDocument } from "../lib/document.ts";
import { describeError } from "../lib/errors.ts";
import { printable, printableLine } from "../lib/printable.ts";
import { redactAddress } from "../lib/redact.ts";
import { EXIT_DONE, EXIT_WRONG_INPUT, exitCodeOf } from "./exit_codes.ts";

/** The output of the command and its exit code. */
export interface ShownConfig {
  readonly exitCode: number;
  /** For stdout. */
  readonly text: string;
  /** For stderr: the mistakes of the configuration, if any. */
  readonly error: string;
}

/** Variables that concern the machine rather than the agent. */
const GENERAL_VARIABLES: readonly string[] = ["HOME", "PATH", "NO_PROXY", "no_proxy"];

/** Column of the comments. */
const COMMENT_COLUMN = 56;

/**
 * Shows the configuration without secrets: the hotkey's file is not read, and credentials in endpoints are removed. A mistake in
 * `[workers]` is shown beside the rest, since the agent uses the rest.
 */
export async function showConfig(
  { configPath, json }: Extract<Command, { name: "config" }>,
  environment: Environment = readEnvironment(),
): Promise<ShownConfig> {
  let config: Config;
  try {
    const path = locateConfig(configPath, environment, osConfigFiles.exists);
    config = await loadConfig(path, environment, osConfigFiles, unpackBundledCbc);
  } catch (error) {
    const { message } = describeError(error);
    const text = json ? documentText({ status: "failed", error: message }) : "";
    return { exitCode: exitCodeOf(error), text, error: `${printable(message)}\n` };
  }
  const { cbcCommand } = config.solver;
  const solver: ShownSolver = {
    engine: config.solver.engine,
    command: cbcCommand,
    origin: config.cbc.origin,
    look: cbcCommand === null ? null : await lookAtCbc(cbcCommand),
    problem: config.cbc.problem,
  };
  const isBroken = config.workers instanceof ConfigError;
  return {
    exitCode: isBroken ? EXIT_WRONG_INPUT : EXIT_DONE,
    text: json ? toJson(config, solver, environment) : toText(config, solver, environment),
    error: config.workers instanceof ConfigError
      ? `${printable(config.workers.message)}
`
      : "",
  };
}

/** The solver in use. */
interface ShownSolver {
  readonly engine: EngineChoice;
  readonly command: readonly string[] | null;
  readonly origin: CbcOrigin | null;
  /** `null` without a command. */
  readonly look: CbcLook | null;
  /** Why the bundled program cannot be used, if so. */
  readonly problem: string | null;
}

const ORIGINS: Readonly<Record<CbcOrigin, string>> = {
  configured: "as configured",
  bundled: "bundled with this program",
  path: "found on the PATH",
};

function solverNotes({ engine, command, origin, look, problem }: ShownSolver): string[] {
  if (engine === "glpk") return ["cbc is not used: the engine is glpk"];
  const problems = problem === null ? [] : [problem];
  if (command === null || origin === null || look === null) {
    return [...problems, "cbc is not used: there is none; the built-in engine glpk decides"];
  }
  const what = look.error ??
    `${describeBuild(look.build)}, ${
      look.isValidatorBuild ? "the validators' build" : "not the validators' build"
    }`;
  return [...problems, `cbc in use: ${command.join(" ")}, ${ORIGINS[origin]}: ${what}`];
}

function toJson(config: Config, solver: ShownSolver, environment: Environment): string {
  const { path, effective, endpoints, hotkeyPath, workers, routing } = config;
  const document = {
    status: workers instanceof ConfigError ? "failed" : "done",
    error: workers instanceof ConfigError ? workers.message : null,
    config: path,
    endpoints: endpoints.map(redactAddress),
    hotkeyPath,
    commitment: workers instanceof ConfigError ? null : describeBid(workers.commitment),
    routingOff: routing.kind === "off" ? routing.reason : null,
    routingWarnings: routing.kind === "off" ? [] : routing.warnings,
    solver: {
      engine: solver.engine,
      cbc: solver.command,
      origin: solver.origin,
      build: solver.look?.build ?? null,
      isValidatorBuild: solver.look?.isValidatorBuild ?? false,
      error: solver.look?.error ?? null,
      bundledProblem: solver.problem,
    },
    environment: variablesOf(environment).map(([name, value]) => ({ name, value })),
  };
  // Not converted: worker sizes are keys in these values.
  const settings = effective;
  const withoutBigints = (_key: string, value: unknown): unknown =>
    typeof value === "bigint" ? value.toString() : value;
  return `${printable(JSON.stringify({ ...toDocument(document) as object, settings }, withoutBigints, 2))}\n`;
}

function toText(config: Config, solver: ShownSolver, environment: Environment): string {
  const { path, effective, endpoints, hotkeyPath, workers, routing, hooks, alerting, delivery } = config;
  const isOff = routing.kind === "off";
  const notes: Readonly<Record<string, readonly string[]>> = {
    bittensor: endpoints.map((endpoint) => `endpoint: ${redactAddress(endpoint)}`),
    wallet: [`hotkey file: ${hotkeyPath}`],
    workers: workers instanceof ConfigError ? ["cannot be used, see below"] : [
      bidNote(workers.commitment),
      ...(workers.offers.length < 2 ? [] : [TIERS_NOTE]),
    ],
    routing: isOff ? [`routing is off: ${routing.reason}`] : [
      ...(routing.targets.length === 0
        ? ["no proxy is configured: only the ASICs of [asic] are routed to"]
        : []),
      ...routing.warnings.map((warning) => `doubtful: ${warning}`),
    ],
    solver: solverNotes(solver),
    // Values without effect.
    hooks: [
      ...(Object.keys(hooks.programs).length === 0 ? ["timeout is not used: there is no program"] : []),
      ...(alerting === null ? ["webhook_format and no_win_windows are not used: there is no webhook"] : []),
    ],
    delivery: delivery.sources.length + delivery.workersApis.length === 0 && (isOff || routing.fleet === null)
      ? ["nothing is measured: there is neither a source nor [asic]"]
      : [],
  };
  const lines = [`# ${path}, completed by the environment and the defaults`];
  for (const section of sectionsOf(effective)) {
    lines.push("", sectionHeader(section));
    for (const setting of effective) if (setting.section === section) lines.push(settingLine(setting));
    for (const note of notes[section] ?? []) lines.push(`# ${note}`);
  }
  const variables = variablesOf(environment);
  if (variables.length > 0) lines.push("", "# Environment variables in use:");
  for (const [name, value] of variables) lines.push(`# ${name}=${value}`);
  return `${lines.map(printableLine).join("\n")}\n`;
}

/** What several prices mean for the credit. */
const TIERS_NOTE = `${TIER_RULE}, and all hashrate under one worker id counts as one worker`;

/** All sections, each followed by the tables of its lists. */
function sectionsOf(effective: readonly EffectiveSetting[]): string[] {
  const all = new Set(["bittensor", "wallet", "workers", ...effective.map(({ section }) => section)]);
  const parentOf = (section: string): string => section.split(".", 1)[0]!;
  const parents = new Set([...all].map(parentOf));
  return [...parents].flatMap((parent) => [
    parent,
    ...[...all].filter((section) => section !== parent && parentOf(section) === parent),
  ]);
}

/** `routing.targets[0]` → `[[routing.targets]]`. */
function sectionHeader(section: string): string {
  return section.endsWith("]") ? `[[${section.replace(/\[\d+\]$/, "")}]]` : `[${section}]`;
}

function settingLine({ key, value, from, variable }: EffectiveSetting): string {
  const left = value === null || value === undefined ? `# ${key} is not set` : `${key} = ${tomlText(value)}`;
  return `${left.padEnd(COMMENT_COLUMN - 1)} # ${variable === null ? from : `${from}: ${variable}`}`;
}

/** A value as TOML in one line. */
function tomlText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlText).join(", ")}]`;
  if (typeof value === "object" && value !== null && !(value instanceof Date)) {
    const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)} = ${tomlText(item)}`);
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  return typeof value === "string" ? printable(JSON.stringify(value)) : String(value);
}

interface Bid {
  readonly text: string;
  readonly byteLength: number;
  readonly totalWorkers: number;
}

function describeBid({ text, byteLength, totalWorkers }: Bid): Bid {
  return { text, byteLength, totalWorkers };
}

function bidNote({ text, byteLength, totalWorkers }: Bid): string {
  const workers = totalWorkers === 0 ? "withdraws" : `workers: ${totalWorkers}`;
  return `bid: ${text}   (${byteLength} of ${MAX_COMMITMENT_BYTES} bytes, ${workers})`;
}

function variablesOf(environment: Environment): [name: string, value: string][] {
  return ENVIRONMENT_NAMES.flatMap((name) => {
    const value = environment[name];
    return value === undefined || GENERAL_VARIABLES.includes(name) ? [] : [[name, value]];
  });
}
