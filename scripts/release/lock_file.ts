/**
 * Reads the packages of `deno.lock`.
 *
 * @module
 */

/** A package that the lock file names. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** As npm writes it: `sha512-` and base64. */
  readonly integrity: string;
  /** Direct dependencies, each as `name@version`. */
  readonly dependencies: readonly string[];
  /** Whether only some platforms install it. */
  readonly platformOnly: boolean;
}

/** The lock file is not in the form that this module knows. */
export class LockFileError extends Error {
  override readonly name = "LockFileError";
}

interface Entry {
  readonly integrity: string;
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
  readonly os?: readonly string[];
}

/**
 * Lists the packages, sorted by name and version. A package that is locked with several sets of peers is listed once.
 *
 * @param text of `deno.lock`.
 * @throws {LockFileError}
 */
export function readLockFile(text: string): LockedPackage[] {
  const { version, npm = {}, jsr, remote } = JSON.parse(text) as {
    version?: string;
    npm?: Record<string, Entry>;
    jsr?: unknown;
    remote?: unknown;
  };
  if (version !== "5") throw new LockFileError(`Cannot read deno.lock: its version is ${version}, not 5`);
  if (jsr !== undefined || remote !== undefined) {
    throw new LockFileError("Cannot read deno.lock: it names modules that are not npm packages");
  }
  const keys = Object.keys(npm);
  const resolve = (reference: string): string => {
    const key = keys.find((candidate) => candidate === reference) ??
      keys.find((candidate) => splitKey(candidate).name === reference);
    if (key === undefined) throw new LockFileError(`Cannot read deno.lock: it lacks ${reference}`);
    return idOf(splitKey(key));
  };
  const packages = new Map<string, LockedPackage>();
  for (const [key, entry] of Object.entries(npm)) {
    const { name, version } = splitKey(key);
    const references = [...entry.dependencies ?? [], ...entry.optionalDependencies ?? []];
    packages.set(idOf({ name, version }), {
      name,
      version,
      integrity: entry.integrity,
      dependencies: [...new Set(references.map(resolve))].sort(),
      platformOnly: entry.os !== undefined,
    });
  }
  return [...packages.values()].sort((a, b) => idOf(a) < idOf(b) ? -1 : 1);
}

/** `name@version`. */
export function idOf({ name, version }: Pick<LockedPackage, "name" | "version">): string {
  return `${name}@${version}`;
}

/** Splits `name@version`, which the versions of its peers may follow after `_`. */
function splitKey(key: string): { name: string; version: string } {
  const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key) ?? [];
  if (name === undefined || version === undefined) {
    throw new LockFileError(`Cannot read deno.lock: ${JSON.stringify(key)} is not of the form name@version`);
  }
  return { name, version };
}
