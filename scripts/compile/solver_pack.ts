/**
 * Reads what `--solver` names, the validators' program or a pack with it, and makes what goes into the bundle
 * (`src/auction/solver/cbc/pack.ts`).
 *
 * @module
 */

import { dirname, join } from "node:path";
import { ARCHIVE_NAME, EMULATOR, PROGRAM } from "../../src/auction/solver/cbc/pack.ts";
import { VALIDATOR_BUILD } from "../../src/auction/solver/cbc/program.ts";
import { sha256Hex } from "../../src/lib/sha256.ts";
import type { BundledFile, BundledSolver } from "../../src/version.ts";
import { makeArchive } from "./archive.ts";
import { inspectElf, type Target } from "./elf.ts";
import { runTool } from "./run_tool.ts";

/** Where the hash of the validators' program stands, once for the script and for this module. */
const INSTALL_SCRIPT = new URL("../install-cbc.sh", import.meta.url);
/** What accompanies the program: its licence, and where its source is. */
const TEXTS: readonly (readonly [name: string, source: URL])[] = [
  ["licences/SOURCES.txt", new URL("../licences/SOURCES.txt", import.meta.url)],
  ["licences/cbc.txt", new URL("../licences/EPL-1.0.txt", import.meta.url)],
];
/** The list of a pack's files and their hashes, as `sha256sum` writes it. */
export const LIST_NAME = "SHA256SUMS";
/** Paths in a pack: plain words, no longer than a field of the archive. */
const PATH = /^(?=.{1,100}$)(?!.*\.\.)\w[\w+.-]*(\/\w[\w+.-]*)*$/;

const MAKE_PACK = "make one with scripts/install-cbc.sh --pack OUT";

/** The file of `--solver` cannot be used. */
export class SolverPackError extends Error {
  override readonly name = "SolverPackError";
}

/** What goes into the bundle. */
export interface SolverPack {
  readonly solver: BundledSolver;
  /** The archive, {@link ARCHIVE_NAME}. */
  readonly archivePath: string;
}

/** Options of {@link readSolverPack}. */
export interface SolverPackOptions {
  readonly path: string;
  readonly target: Target;
  /** A folder for intermediate files and the archive. */
  readonly scratch: string;
  /** Of the program. @default that of the validators' program */
  readonly programSha256?: string;
}

/**
 * Reads and checks a solver.
 *
 * @throws {SolverPackError} when it is not what the target needs.
 */
export async function readSolverPack(options: SolverPackOptions): Promise<SolverPack> {
  const { path, target, scratch, programSha256 = await knownSha256() } = options;
  const folder = join(scratch, "solver");
  await Deno.mkdir(folder);
  const files = await isElf(path)
    ? await takeProgram(path, folder, target)
    : await takePack(path, folder, target);
  const program = files.find((file) => file.path === PROGRAM);
  if (program?.sha256 !== programSha256) {
    const { version, buildDate } = VALIDATOR_BUILD;
    throw new SolverPackError(
      `Cannot use ${path}: its program is not the validators' CBC ${version} of ${buildDate} (its SHA-256 is ` +
        `${program?.sha256 ?? "missing"}); scripts/install-cbc.sh gets that program`,
    );
  }
  const archivePath = join(scratch, ARCHIVE_NAME);
  await Deno.writeFile(archivePath, await makeArchive(folder, files.map((file) => file.path)));
  const { version, buildDate } = VALIDATOR_BUILD;
  return { solver: { name: `CBC ${version} of ${buildDate}`, files }, archivePath };
}

/** The hash that install-cbc.sh checks: it has to work where it stands alone, so that the hash is there. */
async function knownSha256(): Promise<string> {
  const [, hash] =
    /^readonly program_sha256=([0-9a-f]{64})$/m.exec(await Deno.readTextFile(INSTALL_SCRIPT)) ?? [];
  if (hash === undefined) throw new Error(`${INSTALL_SCRIPT.pathname} has no line program_sha256`);
  return hash;
}

async function isElf(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    const start = new Uint8Array(4);
    await file.read(start);
    return new TextDecoder("latin1").decode(start) === "\x7fELF";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new SolverPackError(`--solver: there is no file ${path}`);
    }
    throw new SolverPackError(`--solver: ${path} cannot be read: ${(error as Error).message}`);
  }
}

async function takeProgram(path: string, folder: string, target: Target): Promise<BundledFile[]> {
  if (target !== "x86_64-unknown-linux-gnu") {
    throw new SolverPackError(
      `Cannot use ${path} for ${target}: it is a program for x86-64, which needs an emulator there; ` +
        `give --solver a pack with both, and ${MAKE_PACK}`,
    );
  }
  await Deno.copyFile(path, join(folder, PROGRAM));
  for (const [name, source] of TEXTS) {
    await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
    await Deno.copyFile(source, join(folder, name));
  }
  return await Promise.all([PROGRAM, ...TEXTS.map(([name]) => name)].map(async (name) => ({
    path: name,
    sha256: await sha256Hex(await Deno.readFile(join(folder, name))),
  })));
}

async function takePack(path: string, folder: string, target: Target): Promise<BundledFile[]> {
  const { success, errorText } = await runTool("tar", ["-xzof", path, "-C", folder]);
  if (!success) {
    const what = errorText.split("\n", 1)[0];
    throw new SolverPackError(
      `Cannot use ${path}: it is neither a program nor a pack (${what}); ${MAKE_PACK}`,
    );
  }
  const files = await readList(path, folder);
  const emulator = files.find((file) => file.path === EMULATOR);
  if (emulator === undefined) {
    throw new SolverPackError(`Cannot use ${path}: it has no ${EMULATOR}; ${MAKE_PACK}`);
  }
  const facts = inspectElf(await Deno.readFile(join(folder, EMULATOR)), `${path}: ${EMULATOR}`);
  if (facts.target !== target) {
    throw new SolverPackError(
      `Cannot use ${path} for ${target}: its emulator is for ${facts.target ?? "another machine"}; ` +
        (target === "x86_64-unknown-linux-gnu" ? "give --solver the program itself" : MAKE_PACK),
    );
  }
  if (!facts.isStatic) {
    throw new SolverPackError(`Cannot use ${path}: its ${EMULATOR} needs libraries; take a static one`);
  }
  return files;
}

/** The files of an unpacked pack, each as its list says. */
async function readList(path: string, folder: string): Promise<BundledFile[]> {
  const text = await Deno.readTextFile(join(folder, LIST_NAME)).catch(() => {
    throw new SolverPackError(`Cannot use ${path}: it has no ${LIST_NAME}; ${MAKE_PACK}`);
  });
  const files = text.trim().split("\n").map((line) => {
    const [, sha256, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    if (sha256 === undefined || name === undefined || !PATH.test(name)) {
      throw new SolverPackError(`Cannot use ${path}: ${LIST_NAME} has the line ${JSON.stringify(line)}`);
    }
    return { path: name, sha256 };
  });
  for (const file of files) {
    const stat = await Deno.lstat(join(folder, file.path)).catch(() => null);
    if (
      stat?.isFile !== true || await sha256Hex(await Deno.readFile(join(folder, file.path))) !== file.sha256
    ) {
      throw new SolverPackError(
        `Cannot use ${path}: ${file.path} is missing, or differs from ${LIST_NAME}; the pack is damaged`,
      );
    }
  }
  return files;
}
