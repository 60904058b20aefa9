/**
 * Keeps descriptions of the chain's runtimes from run to run, in memory and in the state folder, so that their 0.6 MB of
 * metadata are fetched once. It can be deleted at any time.
 *
 * A worker may be compromised, and a node may lie. So what a worker of one job has fetched is given to workers of the same job
 * and build alone, and what a node has said is used for this node alone. None of it is decoded here.
 *
 * @module
 */

import { join } from "node:path";
import * as z from "zod";
import type { RuntimeDescription } from "../../chain/types.ts";
import { describeError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { sha256Hex } from "../../lib/sha256.ts";
import { describeVersion } from "../../version.ts";
import { type KeptRuntime, MAX_METADATA_BYTES, MAX_VERSION_LENGTH } from "../jobs/kept_runtime.ts";
import { keptRuntimeFields } from "./kept_runtime_fields.ts";

/** Of one endpoint and job: a window's first block may have the runtime before an upgrade. */
const MAX_PER_ENDPOINT = 2;
/** In the folder, which several agents and builds may share. */
const MAX_FILES = 16;
/** The most bytes of a file: the metadata, the version with all its characters escaped, and the rest of the header. */
const MAX_FILE_BYTES = MAX_METADATA_BYTES + 6 * MAX_VERSION_LENGTH + 1024;
const FOLDER = "runtimes";
const LINE_FEED = 10;
const SHA256_DIGITS = 64;

const header = z.object(keptRuntimeFields).omit({ metadata: true });

/** Whose runtimes are asked for. */
export interface RuntimeOwner {
  /** `auction`, `commitment`. */
  readonly job: string;
  readonly stateDirectory: string;
}

/** The kept runtimes of all jobs. */
export class RuntimeStore {
  readonly #log: Logger;
  readonly #isReadOnly: boolean;
  /** By job, the newest last. */
  readonly #kept = new Map<string, readonly KeptRuntime[]>();
  #work: Promise<void> = Promise.resolve();

  /** @param isReadOnly whether the state folder is only read, as by a dry run. */
  constructor(log: Logger, isReadOnly = false) {
    this.#log = log;
    this.#isReadOnly = isReadOnly;
  }

  /** What is known of the runtimes of these endpoints, given as configured. */
  async recall(owner: RuntimeOwner, urls: readonly string[]): Promise<readonly KeptRuntime[]> {
    await this.#work;
    const inMemory = this.#kept.get(owner.job) ?? [];
    const unknown = urls.filter((url) => !inMemory.some((kept) => kept.url === url));
    const read = await Promise.all(unknown.map((url) => this.#read(owner, url)));
    const known = [...inMemory.filter(({ url }) => urls.includes(url)), ...read.flat()];
    this.#kept.set(owner.job, known);
    return known;
  }

  /** Keeps what a worker of the job has fetched. */
  keep(owner: RuntimeOwner, runtime: KeptRuntime): void {
    const others = (this.#kept.get(owner.job) ?? []).filter((kept) => !isSame(kept, runtime));
    const ofEndpoint = others.filter(({ url }) => url === runtime.url);
    const tooMany = new Set(ofEndpoint.slice(0, Math.max(0, ofEndpoint.length - MAX_PER_ENDPOINT + 1)));
    this.#kept.set(owner.job, [...others.filter((kept) => !tooMany.has(kept)), runtime]);
    if (!this.#isReadOnly) {
      this.#later("Runtime cannot be kept", owner, (folder) => write(folder, owner, runtime));
    }
  }

  /** Drops what an endpoint has said, for the next run to ask again. */
  forget(owner: RuntimeOwner, url: string): void {
    this.#kept.set(owner.job, (this.#kept.get(owner.job) ?? []).filter((kept) => kept.url !== url));
    if (this.#isReadOnly) return;
    this.#later("Runtime cannot be dropped", owner, async (folder) => {
      for (const name of await namesOf(folder, await prefixOf(owner, url))) {
        await Deno.remove(join(folder, name));
      }
    });
  }

  /** Resolves when all is written. */
  settled(): Promise<void> {
    return this.#work;
  }

  async #read(owner: RuntimeOwner, url: string): Promise<KeptRuntime[]> {
    const folder = folderOf(owner);
    const found: KeptRuntime[] = [];
    const prefix = await prefixOf(owner, url);
    const names = await refuseLink(folder).then(() => namesOf(folder, prefix)).catch(() => []);
    for (const name of names.slice(-MAX_PER_ENDPOINT)) {
      const path = join(folder, name);
      try {
        const description = await readDescription(path);
        if (await nameOf(owner, { url, ...description }) !== name) {
          throw new Error("it is that of another runtime");
        }
        found.push({ url, ...description });
      } catch (error) {
        this.#log.debug("Kept runtime is of no use, it is fetched anew", {
          path,
          reason: describeError(error).message,
        });
      }
    }
    return found;
  }

  #later(failure: string, owner: RuntimeOwner, work: (folder: string) => Promise<void>): void {
    const folder = folderOf(owner);
    this.#work = this.#work.then(() => work(folder)).catch((error) =>
      // The lock in the same folder makes the agent fail where it matters.
      this.#log.debug(failure, { folder, reason: describeError(error).message })
    );
  }
}

function isSame(a: KeptRuntime, b: KeptRuntime): boolean {
  return a.url === b.url && a.genesisHash === b.genesisHash && a.codeHash === b.codeHash;
}

function folderOf({ stateDirectory }: RuntimeOwner): string {
  return join(stateDirectory, FOLDER);
}

/** URLs may hold access keys, so only their hashes show. */
async function prefixOf({ job }: RuntimeOwner, url: string): Promise<string> {
  return `${job}-${await shortHash([describeVersion(), url])}-`;
}

async function nameOf(owner: RuntimeOwner, { url, genesisHash, codeHash }: KeptRuntime): Promise<string> {
  return `${await prefixOf(owner, url)}${await shortHash([genesisHash, codeHash])}`;
}

async function shortHash(parts: readonly string[]): Promise<string> {
  return (await sha256Hex(new TextEncoder().encode(JSON.stringify(parts)))).slice(0, 32);
}

/** @throws {Error} if the folder is none, or a link. */
async function refuseLink(folder: string): Promise<void> {
  if (!(await Deno.lstat(folder)).isDirectory) throw new Error("it is not a folder");
}

/** The files whose names begin so, the oldest first. */
async function namesOf(folder: string, prefix = ""): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const dated = await Promise.all(
    names.filter((name) => name.startsWith(prefix)).map(async (name) => {
      const { mtime } = await Deno.lstat(join(folder, name)).catch(() => ({ mtime: null }));
      return { name, ms: mtime?.getTime() ?? 0 };
    }),
  );
  return dated.sort((a, b) => a.ms - b.ms).map(({ name }) => name);
}

/** A file is the hash of the rest, a line with all but the metadata, and the metadata. */
async function write(
  folder: string,
  owner: RuntimeOwner,
  { url, metadata, ...rest }: KeptRuntime,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await refuseLink(folder);
  const name = await nameOf(owner, { url, metadata, ...rest });
  const head = new TextEncoder().encode(`${JSON.stringify(rest)}\n`);
  const body = new Uint8Array(head.length + metadata.length);
  body.set(head);
  body.set(metadata, head.length);
  const temporary = join(folder, `.${crypto.randomUUID()}`);
  const options = { createNew: true, mode: 0o600 };
  await Deno.writeFile(temporary, new TextEncoder().encode(await sha256Hex(body)), options);
  await Deno.writeFile(temporary, body, { append: true });
  await Deno.rename(temporary, join(folder, name));
  const names = await namesOf(folder);
  for (const old of names.slice(0, Math.max(0, names.length - MAX_FILES))) {
    await Deno.remove(join(folder, old));
  }
}

/** @throws {Error} if the file is damaged, or no file. */
async function readDescription(path: string): Promise<RuntimeDescription> {
  const { isFile, size, dev, ino } = await Deno.lstat(path);
  if (!isFile || size > MAX_FILE_BYTES) throw new Error("it is not a file of this program");
  const bytes = await readUnlinked(path, { dev, ino });
  const body = bytes.subarray(SHA256_DIGITS);
  if (new TextDecoder().decode(bytes.subarray(0, SHA256_DIGITS)) !== await sha256Hex(body)) {
    throw new Error("its content does not have the hash that it begins with");
  }
  const end = body.indexOf(LINE_FEED);
  const fields = header.parse(JSON.parse(new TextDecoder().decode(body.subarray(0, end))));
  return { ...fields, metadata: body.slice(end + 1) };
}

/** Reads the file that was looked at, and not one that a link in its place names. */
async function readUnlinked(
  path: string,
  looked: Pick<Deno.FileInfo, "dev" | "ino">,
): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const { dev, ino, size } = await file.stat();
  if (dev !== looked.dev || ino !== looked.ino || size > MAX_FILE_BYTES) throw new Error("it was replaced");
  const bytes = new Uint8Array(size);
  let length = 0;
  for (let read = await file.read(bytes); read; read = await file.read(bytes.subarray(length))) {
    length += read;
  }
  return bytes.subarray(0, length);
}
