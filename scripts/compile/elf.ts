/**
 * What a runtime base or a finished program is: the machine it is for and the Deno in it. Both go wrong silently
 * (`deno compile --target aarch64-…` with an x86-64 `DENORT_BIN` makes an x86-64 file), so both are looked at.
 *
 * @module
 */

/** The machines a program can be built for, by the names of `deno compile --target`. */
export const TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] as const;
/** One of {@link TARGETS}. */
export type Target = (typeof TARGETS)[number];

/** `e_machine` of the ELF header. */
const MACHINES: Readonly<Record<number, Target>> = {
  62: "x86_64-unknown-linux-gnu",
  183: "aarch64-unknown-linux-gnu",
};

/** A file is not the program that it is taken for. */
export class WrongBaseError extends Error {
  override readonly name = "WrongBaseError";
}

/** What {@link inspectRuntime} found. */
export interface RuntimeFacts {
  /** `null`: a machine that is none of {@link TARGETS}. */
  readonly target: Target | null;
  /** `2.6.8`; `null` when there is no Deno in it. */
  readonly denoVersion: string | null;
}

/**
 * Reads machine and Deno version off an ELF file.
 *
 * @param path For messages.
 * @throws {WrongBaseError} when it is no 64-bit little-endian ELF file.
 */
export function inspectRuntime(bytes: Uint8Array, path: string): RuntimeFacts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // 0x7f E L F, class 64-bit, little-endian.
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new WrongBaseError(`Cannot use ${path}: it is no 64-bit ELF program`);
  }
  return { target: MACHINES[view.getUint16(18, true)] ?? null, denoVersion: findDenoVersion(bytes) };
}

/** What a file must be. */
export interface RuntimeExpectation {
  readonly path: string;
  readonly target: Target;
  /** The Deno that builds; its base must have the same major and minor version. */
  readonly denoVersion: string;
}

/**
 * Checks a base or a finished program.
 *
 * @throws {WrongBaseError} saying what it is and what it should be.
 */
export function checkRuntime(bytes: Uint8Array, { path, target, denoVersion }: RuntimeExpectation): void {
  const facts = inspectRuntime(bytes, path);
  if (facts.target !== target) {
    throw new WrongBaseError(
      `Cannot use ${path}: it is for ${facts.target ?? "another machine"}, not for ${target}; ` +
        "give DENORT_BIN the base of that machine",
    );
  }
  if (facts.denoVersion === null || series(facts.denoVersion) !== series(denoVersion)) {
    throw new WrongBaseError(
      `Cannot use ${path}: the Deno in it is ${facts.denoVersion ?? "of no known version"}, and Deno ` +
        `${denoVersion} builds; use a base of ${series(denoVersion)}`,
    );
  }
}

/** `2.6.8` → `2.6`. The format of the embedded program changes between minor versions. */
function series(version: string): string {
  return version.split(".", 2).join(".");
}

/** The runtime's own user agent, `Deno/2.6.8`, is the one place where its version stands for sure. */
function findDenoVersion(bytes: Uint8Array): string | null {
  const mark = new TextEncoder().encode("Deno/");
  for (let at = bytes.indexOf(mark[0]!); at !== -1; at = bytes.indexOf(mark[0]!, at + 1)) {
    if (!mark.every((byte, index) => bytes[at + index] === byte)) continue;
    const text = new TextDecoder("latin1").decode(bytes.subarray(at, at + 24));
    const [, version] = /^Deno\/(\d+\.\d+\.\d+)/.exec(text) ?? [];
    if (version !== undefined) return version;
  }
  return null;
}
