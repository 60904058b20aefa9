/**
 * Makes the compiled form: one ELF file, Deno's runtime base with the program appended.
 *
 * @module
 */

import { join } from "node:path";
import type { Bundle } from "./bundle.ts";
import { checkRuntime, type Target } from "./elf.ts";
import { runTool } from "./run_tool.ts";
import { RUNTIME_FLAGS } from "./runtime_flags.ts";

/** Options of {@link compileBundle}. */
export interface CompileOptions {
  readonly bundle: Bundle;
  readonly target: Target;
  /** A folder for the result. It must always be the same, because its path ends up in the result. */
  readonly scratch: string;
  /** Deno's runtime base. @default the one that Deno downloads */
  readonly base?: string | undefined;
}

/** Deno's runtime base is not available. */
export class BaseUnavailableError extends Error {
  override readonly name = "BaseUnavailableError";

  /** @param reason what `deno compile` said. */
  constructor(target: Target, readonly reason: string) {
    super(
      `Cannot compile: the runtime base of Deno ${Deno.version.deno} for ${target} cannot be downloaded.\n` +
        `  ${reason.replaceAll("\n", "\n  ")}\n` +
        "Instead, use one of:\n" +
        "  DENORT_BIN=FILE deno task compile       with a base (denort of the same Deno) from another machine\n" +
        "  deno task compile --self-extracting-sh  one file that unpacks itself on first use, made from npm's Deno",
    );
  }
}

/** The compiler failed, or its result does not start. */
export class CompileError extends Error {
  override readonly name = "CompileError";
}

/**
 * Compiles a bundle.
 *
 * @returns the path of the program in `scratch`.
 * @throws {import("./elf.ts").WrongBaseError} when the base or the result is for another machine or another Deno.
 * @throws {BaseUnavailableError} {@link CompileError}
 */
export async function compileBundle({ bundle, target, scratch, base }: CompileOptions): Promise<string> {
  const denoVersion = Deno.version.deno;
  if (base !== undefined) {
    checkRuntime(await Deno.readFile(base), { path: `the runtime base ${base}`, target, denoVersion });
  }
  const output = join(scratch, "ih-miner");
  const args = [
    "compile",
    ...["--quiet", "--no-check", "--no-config", "--no-lock", "--no-npm", "--no-remote"],
    ...RUNTIME_FLAGS,
    ...[...bundle.workers, ...bundle.data].flatMap((path) => ["--include", path]),
    ...["--target", target, "--output", output, bundle.main],
  ];
  // A base for another target may be set there.
  const { DENORT_BIN: _, ...environment } = Deno.env.toObject();
  const { success, errorText } = await runTool(Deno.execPath(), args, {
    cwd: scratch,
    clearEnv: true,
    env: { ...environment, NO_COLOR: "1", ...(base === undefined ? {} : { DENORT_BIN: base }) },
  });
  if (!success) {
    const reason = errorText.split("\n\nStack backtrace:")[0]!.trim();
    if (base === undefined && !await hasDownloadedBase(target)) {
      throw new BaseUnavailableError(target, reason);
    }
    throw new CompileError(`Cannot compile: deno compile failed:\n${reason}`);
  }
  checkRuntime(await Deno.readFile(output), { path: output, target, denoVersion });
  return output;
}

/** Whether `deno compile` has the base in Deno's cache. */
async function hasDownloadedBase(target: Target): Promise<boolean> {
  const { denoDir } = JSON.parse((await runTool(Deno.execPath(), ["info", "--json"])).text);
  try {
    await Deno.stat(join(denoDir, "dl", "release", `v${Deno.version.deno}`, `denort-${target}.zip`));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
