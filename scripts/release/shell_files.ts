/**
 * The man page and the shells' completions, where a system looks for them.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { completionScript } from "../../src/cli/completions.ts";
import { manPage } from "../man_page.ts";
import { type ReleaseFile, textFile } from "./files.ts";

/** Below `share` of the archive, and of `/usr/local`. */
export function localShellFiles(version: string, date: Date): ReleaseFile[] {
  return files(version, date).map(({ local, text }) => ({ path: `share/${local}`, from: textFile(text) }));
}

/** Below `/usr/share`, as Debian's policy wants them. */
export function packageShellFiles(version: string, date: Date): ReleaseFile[] {
  return files(version, date).map(({ local, debian, text }) => {
    const path = `usr/share/${debian ?? local}`;
    return { path, from: path.endsWith(".gz") ? gzipSync(text, { level: 9 }) : textFile(text) };
  });
}

interface ShellFile {
  readonly local: string;
  /** Where it differs. */
  readonly debian?: string;
  readonly text: string;
}

function files(version: string, date: Date): ShellFile[] {
  return [
    {
      local: "man/man1/ih-miner.1",
      debian: "man/man1/ih-miner.1.gz",
      text: `${manPage(version, { commitDate: date.toISOString().slice(0, 10) }).trimEnd()}\n`,
    },
    { local: "bash-completion/completions/ih-miner", text: completionScript("bash") },
    {
      local: "zsh/site-functions/_ih-miner",
      debian: "zsh/vendor-completions/_ih-miner",
      text: completionScript("zsh"),
    },
    { local: "fish/vendor_completions.d/ih-miner.fish", text: completionScript("fish") },
  ];
}
