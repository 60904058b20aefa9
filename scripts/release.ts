/**
 * `deno task release`: makes all files of a release from a clean tree.
 *
 * @module
 */

import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../deno.json" with { type: "json" };
import { parseArguments, UsageError } from "../src/lib/args.ts";
import { sha256HexOfFile } from "../src/lib/sha256.ts";
import { VERSION } from "../src/version.ts";
import { complain, say } from "./command_line.ts";
import { makeArchive } from "./compile/archive.ts";
import { BaseUnavailableError, CompileError } from "./compile/compiled_form.ts";
import { inspectRuntime, type Target, TARGETS } from "./compile/elf.ts";
import { BUILD_ERRORS } from "./compile/errors.ts";
import { buildProgram } from "./compile/program.ts";
import { ChangelogError, readSection, releaseNotes } from "./release/changelog.ts";
import {
  ARCHITECTURES,
  DebianPackageError,
  makeDebianPackage,
  packageFiles,
} from "./release/debian_package.ts";
import { layOut, type ReleaseFile, textFile } from "./release/files.ts";
import { licencesText } from "./release/licences.ts";
import { LockFileError } from "./release/lock_file.ts";
import { listPackages, PackagesError } from "./release/packages.ts";
import { makeSbom, type SbomProgram } from "./release/sbom.ts";
import { localShellFiles } from "./release/shell_files.ts";
import { readTree, type Tree, TreeError } from "./release/tree.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const HELP = `deno task release: makes the files of a release

For each target a tar.gz and a Debian package; SHA256SUMS, a bill of materials (CycloneDX) and release notes. The tree
must be clean, and CHANGELOG.md must have a dated section of the version in deno.json. The same commit gives the same
bytes.

  --target TARGET            ${TARGETS.join(" or ")}; may be repeated. Without it, every
                             target is made for which there is a runtime base
  --base TARGET=FILE         a runtime base to use instead of the downloaded one; may be repeated
  --unreleased               a trial: its version comes before the release, and the changelog needs no date
  --maintainer "NAME <MAIL>" of the Debian package (default: the commit's author)
  --output DIR               must not exist, or be of an earlier run (default: dist/release)
  --help                     this text

$DENORT_BIN names a runtime base, too, for the target that it is made for.
`;

const EXPECTED = [
  ...BUILD_ERRORS,
  ChangelogError,
  DebianPackageError,
  LockFileError,
  PackagesError,
  TreeError,
] as const;

/** The list of the files and their hashes, by which a folder is known as an earlier run's. */
const SUMS = "SHA256SUMS";

interface Options {
  readonly targets: readonly Target[];
  /** Whether a target that cannot be made is an error. */
  readonly strict: boolean;
  readonly bases: ReadonlyMap<Target, string>;
  readonly unreleased: boolean;
  readonly maintainer: string | null;
  readonly output: string;
}

Deno.exit(await main());

async function main(): Promise<number> {
  try {
    const options = await readOptions();
    if (options !== null) await release(options);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`release: ${error.message}\nTry deno task release --help.`);
      return 2;
    }
    if (!EXPECTED.some((known) => error instanceof known)) throw error;
    complain(`release: ${(error as Error).message}`);
    return 1;
  }
}

async function readOptions(): Promise<Options | null> {
  const { values, lists, positionals } = parseArguments(Deno.args, {
    target: { type: "string", multiple: true },
    base: { type: "string", multiple: true },
    unreleased: { type: "boolean" },
    maintainer: { type: "string" },
    output: { type: "string" },
    help: { type: "boolean" },
  });
  if (values["help"] === true) {
    say(HELP.trimEnd());
    return null;
  }
  if (positionals.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(positionals[0])}`);
  const fromCaller = (path: string): string => resolve(Deno.env.get("INIT_CWD") ?? "", path);
  const asked = (lists["target"] ?? []).map((name) => targetOf("--target", name));
  const maintainer = values["maintainer"] === undefined ? null : String(values["maintainer"]);
  if (maintainer !== null && !/^[^<>\n]+ <[^<>@\s]+@[^<>@\s]+>$/.test(maintainer)) {
    throw new UsageError(
      `--maintainer must be of the form "NAME <MAIL>"; it is ${JSON.stringify(maintainer)}`,
    );
  }
  return {
    targets: asked.length > 0 ? TARGETS.filter((target) => asked.includes(target)) : TARGETS,
    strict: asked.length > 0,
    bases: await readBases(lists["base"] ?? [], fromCaller),
    unreleased: values["unreleased"] === true,
    maintainer,
    output: fromCaller(String(values["output"] ?? join(ROOT, "dist", "release"))),
  };
}

function targetOf(option: string, name: string): Target {
  const target = TARGETS.find((each) => each === name);
  if (target === undefined) {
    throw new UsageError(`${option} must name one of ${TARGETS.join(", ")}; it is ${name}`);
  }
  return target;
}

async function readBases(
  pairs: readonly string[],
  fromCaller: (path: string) => string,
): Promise<Map<Target, string>> {
  const bases = new Map<Target, string>();
  const inEnvironment = Deno.env.get("DENORT_BIN");
  if (inEnvironment !== undefined) {
    const path = fromCaller(inEnvironment);
    const { target } = inspectRuntime(await readBase("DENORT_BIN", path), path);
    if (target === null) throw new UsageError(`DENORT_BIN: ${path} is for none of ${TARGETS.join(", ")}`);
    bases.set(target, path);
  }
  for (const pair of pairs) {
    const [name = "", ...path] = pair.split("=");
    if (path.length === 0) throw new UsageError(`--base must be of the form TARGET=FILE; it is ${pair}`);
    bases.set(targetOf("--base", name), fromCaller(path.join("=")));
  }
  for (const path of bases.values()) await readBase("--base", path);
  return bases;
}

async function readBase(option: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(path).catch((error) => {
    throw new UsageError(`${option}: ${path} cannot be read: ${(error as Error).message}`);
  });
}

async function release(options: Options): Promise<void> {
  const tree = await readTree(ROOT);
  const section = readSection(await Deno.readTextFile(join(ROOT, "CHANGELOG.md")), VERSION);
  if (section.date === null && !options.unreleased) {
    throw new ChangelogError(
      `CHANGELOG.md: ${VERSION} is unreleased; give its section a date, or try with --unreleased`,
    );
  }
  // Debian sorts what follows ~ before the release.
  const version = options.unreleased ? `${VERSION}~${stampOf(tree.date)}` : VERSION;
  await refuseForeignFolder(options.output);
  const work = `${options.output}.work`;
  await Deno.remove(work, { recursive: true }).catch(ignoreNotFound);
  const made = join(work, "made");
  await Deno.mkdir(made, { recursive: true });
  try {
    const packages = await listPackages(ROOT);
    const denoLicence = await Deno.readTextFile(join(ROOT, "scripts", "licences", "Deno.txt"));
    const programs: SbomProgram[] = [];
    for (const target of options.targets) {
      const program = await makeProgram(target, options, join(work, target));
      if (program === null) continue;
      programs.push(program.facts);
      const { denoVersion } = program.facts;
      const thirdPartyLicences = licencesText(packages, [
        { name: `Deno ${denoVersion}, the runtime base`, licence: "MIT", licenceText: denoLicence },
      ]);
      const files = { program: program.path, thirdPartyLicences, version };
      await makeTarball(target, tree, files, { made, work });
      await makeDeb(target, tree, { ...files, maintainer: options.maintainer ?? tree.author }, {
        made,
        work,
      });
    }
    if (programs.length === 0) throw new TreeError("No target can be made here; see above");
    const facts = { version, licence: manifest.license, date: tree.date, programs, packages };
    await Deno.writeTextFile(join(made, `ih-miner-${version}.cdx.json`), await makeSbom(facts));
    const notes = releaseNotes(section, version, await namesIn(made));
    await Deno.writeTextFile(join(made, `release-notes-${version}.md`), notes);
    await writeSums(made);
    await Deno.remove(options.output, { recursive: true }).catch(ignoreNotFound);
    await Deno.rename(made, options.output);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  say(`\n${options.output}:\n${(await Deno.readTextFile(join(options.output, SUMS))).trimEnd()}`);
}

/** `20261201093000`. */
function stampOf(date: Date): string {
  return date.toISOString().replace(/\D/g, "").slice(0, 14);
}

interface MadeProgram {
  readonly path: string;
  readonly facts: SbomProgram;
}

/** Builds the program of a target. Returns `null`, and says why, when it is left out. */
async function makeProgram(target: Target, options: Options, folder: string): Promise<MadeProgram | null> {
  const path = join(folder, "ih-miner");
  const base = options.bases.get(target);
  try {
    const version = await buildProgram({ root: ROOT, target, output: path, base, warn: complain });
    say(`${target}: ${version ?? "not run on this machine"}`);
  } catch (error) {
    if (!(error instanceof BaseUnavailableError)) throw error;
    const because = `its runtime base cannot be downloaded; name one with --base ${target}=FILE:\n  ${
      error.reason.replaceAll("\n", "\n  ")
    }`;
    if (options.strict) throw new CompileError(`Cannot make ${target}: ${because}`);
    complain(`${target} is left out: ${because}`);
    return null;
  }
  if (base !== undefined) {
    say(
      `  on the runtime base ${base}, SHA-256 ${await sha256HexOfFile(
        base,
      )}: make sure that it is Deno's own`,
    );
  }
  const { denoVersion } = inspectRuntime(await Deno.readFile(path), path);
  return { path, facts: { target, sha256: await sha256HexOfFile(path), denoVersion: denoVersion! } };
}

/** What an archive or a package is made from. */
interface Content {
  readonly program: string;
  readonly thirdPartyLicences: string;
  readonly version: string;
}

interface Folders {
  readonly made: string;
  readonly work: string;
}

/** The checkout's layout, so that the paths in the documentation are right. */
async function makeTarball(
  target: Target,
  tree: Tree,
  { program, thirdPartyLicences, version }: Content,
  { made, work }: Folders,
): Promise<void> {
  const name = `ih-miner-${version}-${target.split("-")[0]}`;
  const scripts = tree.files.filter((path) =>
    /^scripts\/(install(-cbc)?\.sh|ih-miner[^/]*|(hooks|monitoring)\/.*)$/.test(path)
  );
  const documents = tree.files.filter((path) =>
    path.startsWith("docs/") || ["README.md", "CHANGELOG.md", "LICENSE", "config.toml.example"].includes(path)
  );
  const files: ReleaseFile[] = [
    { path: "ih-miner", from: program, executable: true },
    { path: "third-party-licences.txt", from: textFile(thirdPartyLicences) },
    ...localShellFiles(version, tree.date),
    ...[...scripts, ...documents].map((path) => ({
      path,
      from: join(ROOT, path),
      executable: path.endsWith(".sh"),
    })),
  ].map((file) => ({ ...file, path: `${name}/${file.path}` }));
  const folder = join(work, `${target}.tar`);
  await layOut(folder, files, tree.seconds);
  const names = files.map(({ path }) => path).sort();
  await Deno.writeFile(join(made, `${name}.tar.gz`), await makeArchive(folder, names, tree.seconds));
}

async function makeDeb(
  target: Target,
  tree: Tree,
  content: Content & { readonly maintainer: string },
  { made, work }: Folders,
): Promise<void> {
  const { version, maintainer } = content;
  const documents = tree.files.filter((path) => /^(docs|scripts\/(hooks|monitoring))\//.test(path));
  await makeDebianPackage({
    target,
    version,
    maintainer,
    files: await packageFiles({ ...content, root: ROOT, documents, date: tree.date }),
    mtimeSeconds: tree.seconds,
    scratch: join(work, `${target}.deb`),
    output: join(made, `ih-miner_${version}_${ARCHITECTURES[target]}.deb`),
  });
}

async function writeSums(folder: string): Promise<void> {
  const names = await namesIn(folder);
  const lines = await Promise.all(
    names.map(async (name) => `${await sha256HexOfFile(join(folder, name))}  ${name}\n`),
  );
  await Deno.writeTextFile(join(folder, SUMS), lines.join(""));
}

/** Refuses to replace a folder that no release made. */
async function refuseForeignFolder(path: string): Promise<void> {
  const names = await namesIn(path).catch((error): string[] => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new UsageError(`--output ${path}: ${(error as Error).message}`);
  });
  if (names.length === 0 || names.includes(SUMS)) return;
  throw new UsageError(`--output ${path} has other files (${basename(names[0]!)}); name a new folder`);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
