/**
 * Makes the self-extracting form: a shell script (`launcher.sh`) followed by an archive.
 *
 * @module
 */

import { basename, join } from "node:path";
import { sha256Hex } from "../../src/lib/sha256.ts";
import { makeArchive } from "./archive.ts";
import { RUNTIME_FLAGS } from "./runtime_flags.ts";

/** Options of {@link writeSelfExtracting}. */
export interface SelfExtractingOptions {
  /** The version of ih-miner, `1.0.0`. */
  readonly version: string;
  /** For messages. */
  readonly target: string;
  readonly deno: { readonly path: string; readonly version: string };
  /** The bundle's files, including `main.js`. */
  readonly files: readonly string[];
  /** An empty folder for intermediate files. */
  readonly scratch: string;
  readonly output: string;
}

/** The launcher cannot be made. */
export class PackError extends Error {
  override readonly name = "PackError";
}

/** Writes the file, executable. The same content gives the same bytes. */
export async function writeSelfExtracting(options: SelfExtractingOptions): Promise<void> {
  const { version, target, deno, files, scratch, output } = options;
  const folder = join(scratch, "payload");
  await Deno.mkdir(folder);
  await Deno.copyFile(deno.path, join(folder, "deno"));
  for (const path of files) await Deno.copyFile(path, join(folder, basename(path)));
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  const facts = await Promise.all(names.map(async (name) => {
    const bytes = await Deno.readFile(join(folder, name));
    await Deno.chmod(join(folder, name), name === "deno" ? 0o755 : 0o644);
    return { name, size: bytes.length, hash: await sha256Hex(bytes) };
  }));

  const payload = await makeArchive(folder, names);
  const hashes = facts.map(({ hash, name }) => `${hash}  ${name}`).join("\n");
  const launcher = await fillIn({
    VERSION: version,
    TARGET: target,
    DENO_VERSION: deno.version,
    RELEASE: `${version}-${(await sha256Hex(new TextEncoder().encode(hashes))).slice(0, 16)}`,
    MANIFEST: facts.map(({ size, name }) => `${size} ${name}`).join("\n"),
    HASHES: hashes,
    FLAGS: RUNTIME_FLAGS.join(" "),
  });
  using file = await Deno.open(output, { write: true, create: true, truncate: true });
  await new Blob([launcher, payload]).stream().pipeTo(file.writable, { preventClose: true });
  await Deno.chmod(output, 0o755);
}

/** Fills in the launcher's placeholders. */
async function fillIn(values: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const template = await Deno.readTextFile(new URL("./launcher.sh", import.meta.url));
  const script = (payloadOffset: number): Uint8Array<ArrayBuffer> => {
    // Of fixed width, so that the number does not move the payload that it points to.
    const all = { ...values, PAYLOAD_OFFSET: String(payloadOffset).padStart(8, "0") };
    return new TextEncoder().encode(replaceMarks(template, all));
  };
  // `tail -c +N` counts from 1.
  return script(script(0).length + 1);
}

function replaceMarks(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/@([A-Z_]+)@/g, (mark, name: string) => {
    const value = values[name];
    if (value === undefined) throw new PackError(`Cannot write the launcher: there is no value for ${mark}`);
    return value;
  });
}
