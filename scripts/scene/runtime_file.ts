/**
 * A real runtime's metadata for the simulated chain, from the files that `--metadata` and `--runtime-version` name.
 *
 * @module
 */

import { z } from "zod";
import { UsageError } from "../../src/lib/args.ts";
import { imageFromMetadata, Runtime, runtimeVersionSchema } from "../../src/simulator/mod.ts";

/**
 * Reads a runtime.
 *
 * @param metadataPath SCALE bytes of metadata V15, from `6d657461 0f` on.
 * @param versionPath what `state_getRuntimeVersion` answers for it, as JSON.
 * @throws {UsageError} when the version is not what the node answers.
 * @throws {Deno.errors.NotFound} when a file is not there.
 */
export async function readRuntime(metadataPath: string, versionPath: string): Promise<Runtime> {
  const version = await readJsonFile("--runtime-version", versionPath, runtimeVersionSchema);
  return new Runtime(imageFromMetadata(await Deno.readFile(metadataPath), version));
}

/**
 * Reads a JSON file that an option names.
 *
 * @param option as the user types it, `--scenario`.
 * @throws {UsageError} when the file is not JSON that fits the schema.
 */
export async function readJsonFile<T>(option: string, path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new UsageError(`${option} ${path}: ${reason}`, { cause: error });
  }
}
