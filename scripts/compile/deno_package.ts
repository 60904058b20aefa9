/**
 * Fetches Deno itself from its official npm packages.
 *
 * @module
 */

import { join } from "node:path";
import { checkRuntime, type Target } from "./elf.ts";
import { runTool } from "./run_tool.ts";

const PACKAGES: Readonly<Record<Target, string>> = {
  "x86_64-unknown-linux-gnu": "@deno/linux-x64-glibc",
  "aarch64-unknown-linux-gnu": "@deno/linux-arm64-glibc",
};

/**
 * Known hashes, as npm writes them. They protect against a registry that serves another file; a version that is not
 * listed is only compared with the registry's own hash.
 */
const PINNED: Readonly<Record<string, string>> = {
  "@deno/linux-x64-glibc@2.6.8":
    "sha512-oY6qIbyrEHt+rzk7oHJ8KZgJ3mOQ1econRWcXlm/wOXORVDn7l9rEoY0vlOf4Qvv22tPTD5Jn1bxm6WBZBXmog==",
};

/** npm cannot provide Deno, or provides a wrong file. */
export class DenoPackageError extends Error {
  override readonly name = "DenoPackageError";
}

/** A Deno program on disk. */
export interface DenoProgram {
  readonly path: string;
  readonly version: string;
}

/** Options of {@link fetchDeno}. */
export interface FetchDenoOptions {
  readonly target: Target;
  /** When the registry lacks this version, the next newer one is used, with a warning. */
  readonly version: string;
  /** Where the package goes. */
  readonly folder: string;
  readonly warn: (message: string) => void;
}

/**
 * Fetches and verifies a Deno program.
 *
 * @throws {DenoPackageError} {@link import("./elf.ts").WrongBaseError}
 */
export async function fetchDeno({ target, version, folder, warn }: FetchDenoOptions): Promise<DenoProgram> {
  const name = PACKAGES[target];
  const available = published(await npm(["view", name, "versions"], folder));
  const chosen = chooseVersion(available, version);
  if (chosen === null) {
    throw new DenoPackageError(
      `Cannot fetch ${name}: the registry has neither ${version} nor a newer one; ` +
        "use a registry that has it, or compile with DENORT_BIN",
    );
  }
  if (chosen !== version) {
    warn(
      `the registry has no ${name}@${version}; using ${chosen}. From Deno 2.7.6 on, a worker that spins cannot be ` +
        "terminated; the agent then exits, and systemd restarts it.",
    );
  }
  const spec = `${name}@${chosen}`;
  const [packed] = await npm(["pack", "--ignore-scripts", spec], folder) as [{ filename: string }];
  const integrity = await npm(["view", spec, "dist.integrity"], folder);
  const tarball = join(folder, packed.filename);
  await checkIntegrity(await Deno.readFile(tarball), spec, [
    String(integrity),
    PINNED[spec] ?? String(integrity),
  ]);
  await unpack(tarball, folder);
  const path = join(folder, "package", "deno");
  checkRuntime(await Deno.readFile(path), { path: spec, target, denoVersion: chosen });
  return { path, version: chosen };
}

/**
 * The wanted version, else the lowest newer one; `null` when there is none.
 *
 * @param available versions such as `2.6.8`; pre-releases are ignored.
 */
export function chooseVersion(available: readonly string[], wanted: string): string | null {
  const releases = available.filter((version) => /^\d+\.\d+\.\d+$/.test(version));
  if (releases.includes(wanted)) return wanted;
  const newer = releases.filter((version) => compareVersions(version, wanted) > 0);
  return newer.sort(compareVersions)[0] ?? null;
}

/**
 * Compares a package's bytes with every given hash.
 *
 * @param spec for messages.
 * @param integrities as npm writes them: `sha512-` and base64.
 * @throws {DenoPackageError} when one differs.
 */
export async function checkIntegrity(
  bytes: Uint8Array<ArrayBuffer>,
  spec: string,
  integrities: readonly string[],
): Promise<void> {
  const found = `sha512-${new Uint8Array(await crypto.subtle.digest("SHA-512", bytes)).toBase64()}`;
  const expected = integrities.find((integrity) => integrity !== found);
  if (expected === undefined) return;
  throw new DenoPackageError(
    `Cannot use ${spec}: its integrity is ${found}, but must be ${expected}; it was damaged or replaced on the way`,
  );
}

function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split(".").map(Number));
  return a!.map((part, index) => part - b![index]!).find((difference) => difference !== 0) ?? 0;
}

/** npm prints a single version as text, several as a list. */
function published(versions: unknown): string[] {
  return [versions].flat().map(String);
}

async function npm(args: readonly string[], cwd: string): Promise<unknown> {
  try {
    const { success, text, errorText } = await runTool("npm", [...args, "--json", "--loglevel=error"], {
      cwd,
    });
    if (success) return JSON.parse(text);
    throw new DenoPackageError(`Cannot fetch Deno: npm ${args.join(" ")} failed:\n${errorText}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new DenoPackageError("Cannot fetch Deno: npm is missing; install Node.js");
  }
}

async function unpack(tarball: string, folder: string): Promise<void> {
  const { success, errorText } = await runTool("tar", ["-xzof", tarball, "-C", folder, "package/deno"]);
  if (!success) throw new DenoPackageError(`Cannot unpack ${tarball}: ${errorText}`);
}
