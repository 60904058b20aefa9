/**
 * The compiled form: Deno's runtime base with the program appended, one ELF file.
 *
 * @module
 */

import { join } from "node:path";
import type { Bundle } from "./bundle.ts";
import { checkRuntime, type Target } from "./elf.ts";
import { RUNTIME_FLAGS } from "./runtime_flags.ts";

/** What {@link compileBundle} works with. */
export interface CompileOptions {
  readonly bundle: Bundle;
  readonly target: Target;
  /** A folder for the result, always the same: its path and name end up in the bytes. */
  readonly scratch: string;
}

/** Deno's runtime base could not be had. */
export class BaseUnavailableError extends Error {
  override readonly name = "BaseUnavailableError";

  constructor(target: Target, reason: string) {
    super(
      `Cannot compile: the runtime base of Deno ${Deno.version.deno} for ${target} cannot be downloaded.\n` +
        `  ${reason.replaceAll("\n", "\n  ")}\n` +
        "Two ways on:\n" +
        "  DENORT_BIN=FILE deno task compile       with a base (denort of the same Deno) from elsewhere\n" +
        "  deno task compile --self-extracting-sh  one file that unpacks on first use, made from npm's Deno",
    );
  }
}

/** The compiler failed for another reason. */
export class CompileError extends Error {
  override readonly name = "CompileError";
}

/**
 * Compiles a bundle.
 *
 * @returns the path of the program in `scratch`.
 * @throws {import("./elf.ts").WrongBaseError} when base or result are for another machine or another Deno.
 * @throws {BaseUnavailableError} {@link CompileError}
 */
export async function compileBundle({ bundle, target, scratch }: CompileOptions): Promise<string> {
  const base = Deno.env.get("DENORT_BIN");
  const denoVersion = Deno.version.deno;
  if (base !== undefined) {
    checkRuntime(await Deno.readFile(base), { path: `DENORT_BIN=${base}`, target, denoVersion });
  }
  const output = join(scratch, "ih-miner");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      ...["--quiet", "--no-check", "--no-config", "--no-lock", "--no-npm", "--no-remote"],
      ...RUNTIME_FLAGS,
      ...bundle.workers.flatMap((path) => ["--include", path]),
      ...["--target", target, "--output", output, bundle.main],
    ],
    cwd: scratch,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    const said = new TextDecoder().decode(stderr).split("\n\nStack backtrace:")[0]!.trim();
    if (base === undefined && !await hasDownloadedBase(target)) throw new BaseUnavailableError(target, said);
    throw new CompileError(`Cannot compile: deno compile failed:\n${said}`);
  }
  checkRuntime(await Deno.readFile(output), { path: output, target, denoVersion });
  return output;
}

/** Whether Deno's cache has the base, as `deno compile` keeps it. */
async function hasDownloadedBase(target: Target): Promise<boolean> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" })
    .output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout));
  try {
    await Deno.stat(join(denoDir, "dl", "release", `v${Deno.version.deno}`, `denort-${target}.zip`));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
