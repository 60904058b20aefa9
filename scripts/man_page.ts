/**
 * `deno task man`: prints the man page ih-miner(1), made from the same source as `ih-miner --help`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import {
  ALL_COMMANDS,
  ALL_OPTIONS,
  commandUsage,
  CONFIG_FILE,
  EXIT_CODES,
  optionUsage,
  SUMMARY,
  VARIABLES,
} from "../src/cli/commands.ts";
import { wrap } from "../src/cli/help.ts";
import { type BuildInfo, VERSION } from "../src/version.ts";
import { say } from "./command_line.ts";
import { readBuildInfo } from "./compile/build_info.ts";

const DESCRIPTION =
  "ih-miner publishes the bid of a hotkey, recomputes the auction of every window, and sends the " +
  "hashrate that was won to the subnet. Without a command it runs as a service.";

/** Lines of the source are shorter than this, so that editors and mails show them whole; mandoc asks for it. */
const SOURCE_WIDTH = 78;

/** The page in roff, with the macros of man(7). The date is the commit's, so that the same tree gives the same bytes. */
export function manPage(version: string, { commitDate }: Pick<BuildInfo, "commitDate">): string {
  const date = commitDate === null ? "" : commitDate;
  const items = (pairs: readonly (readonly [term: string, about: string])[]): string =>
    pairs.map(([term, about]) => `.TP\n.B ${roff(term)}\n${roff(about)}\n`).join("");
  return `.TH IH\\-MINER 1 "${date}" "ih\\-miner ${version}"
.SH NAME
ih\\-miner \\- ${roff(SUMMARY)}
.SH SYNOPSIS
${ALL_COMMANDS.map((command) => `.B ${roff(commandUsage(command))}`).join("\n.br\n")}
.SH DESCRIPTION
${roff(DESCRIPTION)}
.PP
${CONFIG_FILE.map(roff).join("\n")}
.SH COMMANDS
${items(ALL_COMMANDS.map((command) => [commandUsage(command), command.about]))}.SH OPTIONS
${items(ALL_OPTIONS.map(([name, { about }]) => [optionUsage(name), about]))}.SH ENVIRONMENT
${items(VARIABLES)}.SH EXIT STATUS
${items(EXIT_CODES)}`;
}

/** Escapes what roff would take for its own: backslashes, hyphens, and dots and quotes at the start of a line. */
function roff(text: string): string {
  return wrap(text.replaceAll("\\", "\\e").replaceAll("-", "\\-"), SOURCE_WIDTH)
    .map((line) => line.replace(/^[.']/, "\\&$&")).join("\n");
}

if (import.meta.main) {
  say(manPage(VERSION, await readBuildInfo(fileURLToPath(new URL("..", import.meta.url)))).trimEnd());
}
