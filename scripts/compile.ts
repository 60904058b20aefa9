/**
 * `deno task compile`: builds ih-miner as one file.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArguments, UsageError } from "../src/lib/args.ts";
import { VERSION } from "../src/version.ts";
import { ArchiveToolError } from "./compile/archive.ts";
import { BuildFolderError, prepareBuildFolder } from "./compile/build_folder.ts";
import { readBuildInfo } from "./compile/build_info.ts";
import { type Bundle, bundle, BundleError } from "./compile/bundle.ts";
import { BaseUnavailableError, compileBundle, CompileError } from "./compile/compiled_form.ts";
import { DenoPackageError, fetchDeno } from "./compile/deno_package.ts";
import { type Target, TARGETS, WrongBaseError } from "./compile/elf.ts";
import { runTool } from "./compile/run_tool.ts";
import { readSolverPack, SolverPackError } from "./compile/solver_pack.ts";
import { PackError, writeSelfExtracting } from "./compile/self_extracting_form.ts";
import { complain, say } from "./command_line.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const HERE: Target = `${Deno.build.arch}-unknown-linux-gnu`;

const HELP = `deno task compile: builds ih-miner as one file

  --target TARGET       ${TARGETS.join(" or ")} (default: this machine's)
  --output FILE         (default: dist/ih-miner)
  --solver FILE         puts the validators' solver into it: FILE is their program, or for ARM64 a pack of it, made by
                        scripts/install-cbc.sh --pack (see docs/binary.md)
  --self-extracting-sh  a shell script that unpacks itself on first use, made from npm's Deno: for machines that
                        cannot download the runtime base of \`deno compile\`
  --help                this text

$DENORT_BIN names a runtime base to use instead of the downloaded one.
`;

/** Errors that are reported without a stack: their messages say what to do. */
const EXPECTED = [
  ArchiveToolError,
  BaseUnavailableError,
  BuildFolderError,
  BundleError,
  CompileError,
  DenoPackageError,
  PackError,
  SolverPackError,
  WrongBaseError,
] as const;

Deno.exit(await main());

async function main(): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      report(`${error.message}\nTry deno task compile --help.`);
      return 2;
    }
    if (!EXPECTED.some((known) => error instanceof known)) throw error;
    report((error as Error).message);
    return 1;
  }
}

async function run(): Promise<void> {
  const { values, positionals } = parseArguments(Deno.args, {
    target: { type: "string" },
    output: { type: "string" },
    solver: { type: "string" },
    "self-extracting-sh": { type: "boolean" },
    help: { type: "boolean" },
  });
  if (values.help === true) return say(HELP.trimEnd());
  if (positionals.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(positionals[0])}`);
  const target = TARGETS.find((name) => name === (values.target ?? HERE));
  if (target === undefined) throw new UsageError(`--target must be one of ${TARGETS.join(", ")}`);
  // `deno task` changes to the project's folder; INIT_CWD is the folder it was called in.
  const fromCaller = (path: string): string => resolve(Deno.env.get("INIT_CWD") ?? "", path);
  const output = fromCaller(String(values.output ?? join(ROOT, "dist/ih-miner")));

  using folder = await prepareBuildFolder(ROOT);
  const { sources, scratch } = folder;
  const pack = values.solver === undefined
    ? null
    : await readSolverPack({ path: fromCaller(String(values.solver)), target, scratch });
  const bundled = await bundle({
    sources,
    output: folder.bundle,
    build: { ...await readBuildInfo(ROOT), ...(pack === null ? {} : { solver: pack.solver }) },
    data: pack === null ? [] : [pack.archivePath],
  });
  const program = values["self-extracting-sh"] === true
    ? await selfExtracting(bundled, target, scratch)
    : await compileBundle({ bundle: bundled, target, scratch });
  const version = target === HERE
    ? await askVersion(program, scratch)
    : `for ${target}: not run on this machine`;
  await handOut(program, output);
  say(`${output}: ${(await Deno.stat(output)).size} bytes, ${version}`);
}

async function selfExtracting({ files }: Bundle, target: Target, scratch: string): Promise<string> {
  const deno = await fetchDeno({ target, version: Deno.version.deno, folder: scratch, warn: report });
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

function report(message: string): void {
  complain(`compile: ${message}`);
}
