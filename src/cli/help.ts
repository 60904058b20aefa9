/**
 * The text of `ih-miner --help`.
 *
 * @module
 */

import {
  ALL_COMMANDS,
  ALL_OPTIONS,
  commandUsage,
  CONFIG_FILE,
  EXIT_CODES,
  optionUsage,
  SUMMARY,
  VARIABLES,
} from "./commands.ts";

const LINE_WIDTH = 106;

/** The help, up to {@link LINE_WIDTH} columns wide. */
export function helpText(): string {
  return `ih-miner: ${SUMMARY}

Usage:
${rows(41, ALL_COMMANDS.map((command) => [commandUsage(command), command.about]))}
${CONFIG_FILE.join("\n")}

Options:
${rows(24, ALL_OPTIONS.map(([name, { about }]) => [optionUsage(name), about]))}
Environment:
${rows(12, VARIABLES)}
Exit codes:
${rows(12, EXIT_CODES)}`;
}

/** Two columns, of which the second begins at `column` and is wrapped. */
function rows(column: number, pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([left, right]) => {
    const [first = "", ...more] = wrap(right, LINE_WIDTH - column);
    const indented = more.map((line) => `${" ".repeat(column)}${line}\n`);
    return `${`  ${left}`.padEnd(column)}${first}\n${indented.join("")}`;
  }).join("");
}

/** The lines of a text, broken at spaces. A longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
