/**
 * Reads from a runtime base or a finished program which machine it is for and which Deno it contains. A mismatch would
 * go unnoticed: `deno compile --target aarch64-…` with an x86-64 `DENORT_BIN` makes an x86-64 file without an error.
 *
 * @module
 */

/** The machines that a program can be built for, as `deno compile --target` names them. */
export const TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] as const;
/** One of {@link TARGETS}. */
export type Target = (typeof TARGETS)[number];

/** `e_machine` of the ELF header. */
const MACHINES: Readonly<Record<number, Target>> = {
  62: "x86_64-unknown-linux-gnu",
  183: "aarch64-unknown-linux-gnu",
};

/** A file is not a program for the expected machine and Deno. */
export class WrongBaseError extends Error {
  override readonly name = "WrongBaseError";
}

/** What kind of program an ELF file is. */
export interface ElfFacts {
  /** `null`: none of {@link TARGETS}. */
  readonly target: Target | null;
  /** Whether it needs no libraries: the kernel starts it without an interpreter. */
  readonly isStatic: boolean;
}

/** Of the program header of an interpreter. */
const PT_INTERP = 3;

/**
 * Reads the machine of an ELF file, and how it is linked.
 *
 * @param path for messages.
 * @throws {WrongBaseError} when it is not a 64-bit little-endian ELF file.
 */
export function inspectElf(bytes: Uint8Array, path: string): ElfFacts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // 0x7f E L F, class 64-bit, little-endian.
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new WrongBaseError(`Cannot use ${path}: it is not a 64-bit ELF program`);
  }
  const [table, size, count] = [
    Number(view.getBigUint64(32, true)),
    view.getUint16(54, true),
    view.getUint16(56, true),
  ];
  const headers = Array.from({ length: count }, (_, i) => table + i * size)
    .filter((offset) => offset + 4 <= bytes.length);
  return {
    target: MACHINES[view.getUint16(18, true)] ?? null,
    isStatic: !headers.some((offset) => view.getUint32(offset, true) === PT_INTERP),
  };
}

/** Result of {@link inspectRuntime}. */
export interface RuntimeFacts extends Pick<ElfFacts, "target"> {
  /** `2.6.8`; `null` when the file contains no Deno. */
  readonly denoVersion: string | null;
}

/**
 * Reads the machine and the Deno version of an ELF file.
 *
 * @param path for messages.
 * @throws {WrongBaseError} when it is not a 64-bit little-endian ELF file.
 */
export function inspectRuntime(bytes: Uint8Array, path: string): RuntimeFacts {
  return { target: inspectElf(bytes, path).target, denoVersion: findDenoVersion(bytes) };
}

/** What a base or a program must be. */
export interface RuntimeExpectation {
  readonly path: string;
  readonly target: Target;
  /** The version of the Deno that builds. The base must have the same major and minor version. */
  readonly denoVersion: string;
}

/**
 * Checks a base or a finished program.
 *
 * @throws {WrongBaseError} with what it is and what it should be.
 */
export function checkRuntime(bytes: Uint8Array, { path, target, denoVersion }: RuntimeExpectation): void {
  const facts = inspectRuntime(bytes, path);
  if (facts.target !== target) {
    throw new WrongBaseError(
      `Cannot use ${path}: it is for ${facts.target ?? "another machine"}, not for ${target}; ` +
        "set DENORT_BIN to a base for that machine",
    );
  }
  if (facts.denoVersion === null || series(facts.denoVersion) !== series(denoVersion)) {
    throw new WrongBaseError(
      `Cannot use ${path}: its Deno is ${facts.denoVersion ?? "of no known version"}, but Deno ` +
        `${denoVersion} builds; use a base of ${series(denoVersion)}`,
    );
  }
}

/** `2.6.8` → `2.6`. The format of the embedded program changes between minor versions. */
function series(version: string): string {
  return version.split(".", 2).join(".");
}

/** Finds the runtime's user agent, `Deno/2.6.8`: the only place that names its version reliably. */
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
