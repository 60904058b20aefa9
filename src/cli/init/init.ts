/**
 * `ih-miner init`: asks what the agent needs, and writes its first configuration.
 *
 * @module
 */

import { resolve } from "node:path";
import { type Environment, readEnvironment } from "../../config/environment.ts";
import { osConfigFiles } from "../../config/load.ts";
import { UsageError } from "../../lib/args.ts";
import { describeError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { printable } from "../../lib/printable.ts";
import { formatFinding } from "../../operator/check/finding.ts";
import type { Command } from "../arguments.ts";
import { EXIT_DONE, EXIT_JOB_FAILED, EXIT_WRONG_INPUT } from "../exit_codes.ts";
import { InterruptedError } from "../interruption.ts";
import type { Answers } from "./answers.ts";
import { type BasicAnswers, configText, proxyText } from "./config_text.ts";
import { answersFrom, answersUnattended, type Known } from "./dialogue.ts";
import { leftOut } from "./left_out.ts";
import { shellWord } from "./own_command.ts";
import { findOriginals, type Found, takeOver } from "./original.ts";
import type { Prompter } from "./prompter.ts";
import { doubtsAbout, hasProxyFile, type Host, hotkeyAddress, loadText, proxyPath } from "./rules.ts";
import { type NewFile, whyNotWritable, writeAllOrNone } from "./writing.ts";

type InitCommand = Extract<Command, { name: "init" }>;

/** Dependencies of {@link runInit}. */
export interface InitParts {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly printOut: (text: string) => void;
  readonly printError: (text: string) => void;
  /** Asks; `null` where there is no terminal. */
  readonly prompter: Prompter | null;
  /** What to type for this program. @default its name */
  readonly program?: string;
  /** @default that of the process */
  readonly environment?: Environment;
  /** Where installations may be besides here and the home folder. @default `/opt`, `/srv`, `/root` */
  readonly places?: readonly string[];
}

/**
 * Sets the agent up. Writes nothing before everything is answered, shown and, on a terminal, confirmed.
 *
 * @returns the exit code.
 */
export async function runInit(command: InitCommand, parts: InitParts): Promise<number> {
  const { printError } = parts;
  try {
    return await setUp(command, parts);
  } catch (error) {
    if (error instanceof InterruptedError) {
      printError("\nih-miner init: ended; nothing was written\n");
      return error.exitCode;
    }
    if (error instanceof UsageError) {
      printError(`ih-miner init: ${printable(error.message)}\n`);
      return EXIT_WRONG_INPUT;
    }
    throw error;
  }
}

async function setUp(command: InitCommand, parts: InitParts): Promise<number> {
  const { log, signal, environment = readEnvironment(), places } = parts;
  const host: Host = { environment, log, signal, addresses: new Map() };
  const path = resolve(command.configPath ?? environment.IH_MINER_CONFIG ?? "config.toml");
  const exists = osConfigFiles.exists(path);
  const prompter = command.yes ? null : parts.prompter;
  const obstacle = await whyNotWritable(path);
  if (obstacle !== null) throw new UsageError(`Cannot write ${path}: ${obstacle}; name another file`);
  if (command.yes && exists && !command.force) {
    throw new UsageError(`${path} exists and stays as it is; --force replaces it, or name another file`);
  }
  const given = command.answers;
  const found = await proposal(command, prompter, environment, places);
  const known: Known = { given, proposed: found === null ? {} : compatible(found.answers, given) };
  const answers = prompter === null
    ? await attend(known, command, host)
    : await answersFrom(prompter, known, host);

  const text = configText(answers as BasicAnswers);
  const config = await loadText(text, path, environment);
  const hotkey = await hotkeyAddress(answers, host);
  const files: NewFile[] = [{ path, text, exists }];
  const proxyFile = proxyPath(config);
  if (proxyFile !== null && !await hasProxyFile(answers, host)) {
    const { proxy, subnetPool, ownPool } = answers;
    if ((proxy === "ihp" || proxy === "braiins") && subnetPool !== undefined && ownPool !== undefined) {
      const first = proxyText(proxy, { ...answers, subnetPool, ownPool }, hotkey);
      files.unshift({ path: proxyFile, text: first, exists: false });
    }
  }
  const doubts = files.length > 1 ? [] : await doubtsAbout(config, hotkey);
  const notices = doubts.length === 0
    ? []
    : [`ih-miner check will say:\n${doubts.map(formatFinding).join("").trimEnd()}`];
  for (const old of new Set([...(found === null ? [] : [found.configPath]), ...(exists ? [path] : [])])) {
    const lost = leftOut(await textOf(old), text);
    if (lost.length > 0) notices.push(`${old} has settings that the new file leaves out: ${lost.join(", ")}`);
  }
  signal.throwIfAborted();
  if (!await confirmed(files, notices, prompter, parts)) {
    parts.printOut("Nothing was written.\n");
    return EXIT_DONE;
  }
  try {
    await writeAllOrNone(files, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    parts.printError(`ih-miner init: ${printable(describeError(error).message)}\n`);
    return EXIT_JOB_FAILED;
  }
  const { program = "ih-miner" } = parts;
  parts.printOut(`
Written: ${printable(files.map((each) => each.path).join(", "))}
Next, see whether everything is there, and then run the agent:
  ${program} check ${shellWord(path)}
  ${program} ${shellWord(path)}

`);
  return EXIT_DONE;
}

/** The answers without a terminal. @throws {UsageError} when some are missing or wrong. */
async function attend(known: Known, { yes }: InitCommand, host: Host): Promise<Answers> {
  const result = await answersUnattended(known, host);
  const refusal = "missing" in result ? result : null;
  const lines = [
    ...(yes ? [] : ["there is no terminal to ask on: give --yes and the answers as options"]),
    ...(refusal?.wrong ?? []),
    ...(refusal === null || refusal.missing.length === 0
      ? []
      : [`missing: ${refusal.missing.join(", ")}; ih-miner --help describes them`]),
  ];
  if (lines.length > 0) throw new UsageError(lines.join("\n"));
  return result as Answers;
}

/** The text of a configuration; empty if it cannot be read. */
async function textOf(path: string): Promise<string> {
  return await osConfigFiles.readTextFile(path).catch(() => "");
}

/** The installation that is taken over; `null` for none. */
async function proposal(
  { originalPath }: InitCommand,
  prompter: Prompter | null,
  environment: Environment,
  places: readonly string[] | undefined,
): Promise<Found | null> {
  if (originalPath !== undefined) {
    const found = await takeOver(originalPath);
    if (found === null) {
      throw new UsageError(`--original ${originalPath}: there is no config.toml of a miner in it`);
    }
    return found;
  }
  if (prompter === null) return null;
  for (const found of await findOriginals(environment.HOME, places)) {
    const question = `${found.configPath} has settings. Begin with them? You can still change each`;
    if (await prompter.confirm(question, true)) return found;
  }
  return null;
}

/** Without the proxy of an installation where another one is given. */
function compatible(found: Answers, given: Answers): Answers {
  if (given.proxy === undefined || given.proxy === found.proxy) return found;
  const { proxy: _proxy, proxyFile: _file, poolName: _pool, ...rest } = found;
  return rest;
}

async function confirmed(
  files: readonly NewFile[],
  notices: readonly string[],
  prompter: Prompter | null,
  { printOut }: InitParts,
): Promise<boolean> {
  for (const { path, text } of files) {
    if (prompter === null) printOut(printable(`── ${path}\n\n${text}\n`));
    else prompter.showFile(path, text);
  }
  for (const notice of notices) {
    if (prompter === null) printOut(`${notice}\n`);
    else prompter.warn(notice);
  }
  if (prompter === null) return true;
  const replaced = files.filter(({ exists }) => exists).map(({ path }) => path);
  return replaced.length > 0
    ? await prompter.confirm(`${replaced.join(", ")} exists. Replace it?`, false)
    : await prompter.confirm(`Write ${files.map(({ path }) => path).join(" and ")}?`, true);
}
