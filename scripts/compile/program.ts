/**
 * Builds the program: the bundle, then one of the two forms.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { VERSION } from "../../src/version.ts";
import { prepareBuildFolder } from "./build_folder.ts";
import { readBuildInfo } from "./build_info.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { compileBundle, CompileError } from "./compiled_form.ts";
import { fetchDeno } from "./deno_package.ts";
import type { Target } from "./elf.ts";
import { runTool } from "./run_tool.ts";
import { writeSelfExtracting } from "./self_extracting_form.ts";
import { readSolverPack } from "./solver_pack.ts";

/** This machine's. */
export const HERE: Target = `${Deno.build.arch}-unknown-linux-gnu`;

/** Options of {@link buildProgram}. */
export interface ProgramOptions {
  /** The checkout. */
  readonly root: string;
  readonly target: Target;
  readonly output: string;
  /** The runtime base of the compiled form. @default the one that Deno downloads */
  readonly base?: string | undefined;
  /** The validators' solver or a pack with it. @default none */
  readonly solver?: string | undefined;
  /** Whether to make the self-extracting form. @default false */
  readonly selfExtracting?: boolean;
  readonly warn: (message: string) => void;
}

/**
 * Builds the program and moves it to its place atomically.
 *
 * @returns what it prints as its version; `null` when it is for another machine and was not run.
 * @throws the errors of this folder, which say what to do.
 */
export async function buildProgram(options: ProgramOptions): Promise<string | null> {
  const { root, target, output, base, solver, selfExtracting = false, warn } = options;
  using folder = await prepareBuildFolder(root);
  const { sources, scratch } = folder;
  const pack = solver === undefined ? null : await readSolverPack({ path: solver, target, scratch });
  const bundled = await bundle({
    sources,
    output: folder.bundle,
    build: { ...await readBuildInfo(root), ...(pack === null ? {} : { solver: pack.solver }) },
    data: pack === null ? [] : [pack.archivePath],
  });
  const program = selfExtracting
    ? await makeSelfExtracting(bundled, target, scratch, warn)
    : await compileBundle({ bundle: bundled, target, scratch, base });
  const version = target === HERE ? await askVersion(program, scratch) : null;
  await handOut(program, output);
  return version;
}

async function makeSelfExtracting(
  { files }: Bundle,
  target: Target,
  scratch: string,
  warn: (message: string) => void,
): Promise<string> {
  const deno = await fetchDeno({ target, version: Deno.version.deno, folder: scratch, warn });
  const output = join(scratch, "ih-miner");
  await writeSelfExtracting({ version: VERSION, target, deno, files, scratch, output });
  return output;
}

/** Runs the program once, in an empty environment, so that one that does not start is never handed out. */
async function askVersion(program: string, scratch: string): Promise<string> {
  const env = { IH_MINER_CACHE: join(scratch, "cache") };
  const { success, text, errorText } = await runTool(program, ["--version"], { clearEnv: true, env });
  if (success) return text;
  throw new CompileError(`Cannot hand out ${program}: it does not start:\n${errorText}`);
}

/** Moves the program into place atomically: a process that runs under this name keeps the old file. */
async function handOut(program: string, output: string): Promise<void> {
  await Deno.mkdir(dirname(output), { recursive: true });
  const beside = `${output}.new`;
  await Deno.copyFile(program, beside);
  await Deno.chmod(beside, 0o755);
  await Deno.rename(beside, output);
}
