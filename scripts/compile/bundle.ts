/**
 * The program as a few JavaScript files: the main thread, one file a worker, and what they share.
 *
 * @module
 */

import * as esbuild from "esbuild";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { BuildInfo } from "../../src/version.ts";

/** The program's modules. The main thread launches workers by file name (`src/agent/workers/launch.ts`). */
const MAIN = "main.ts";
const SOURCES_FOLDER = "src";
const WORKER_SUFFIX = "_worker.ts";

/** A bundle on disk. */
export interface Bundle {
  /** Absolute path of the main module. */
  readonly main: string;
  /** Absolute paths of all modules, the main one included, in a fixed order. */
  readonly files: readonly string[];
  /** Those of the workers. */
  readonly workers: readonly string[];
}

/** The bundler cannot do what the program needs. */
export class BundleError extends Error {
  override readonly name = "BundleError";
}

/** What {@link bundle} works with. */
export interface BundleOptions {
  /** Sources with a `node_modules` folder. */
  readonly sources: string;
  /** An empty folder. */
  readonly output: string;
  readonly build: BuildInfo;
}

/**
 * Bundles main module and workers.
 *
 * @throws {BundleError} when a package is not as the plugins expect.
 */
export async function bundle({ sources, output, build }: BundleOptions): Promise<Bundle> {
  const workers = await workerModules(sources);
  try {
    await esbuild.build({
      absWorkingDir: sources,
      entryPoints: [MAIN, ...workers],
      outdir: output,
      // One flat folder: `new URL("./x_worker.js", import.meta.url)` is right from every file.
      entryNames: "[name]",
      chunkNames: "[name]-[hash]",
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "browser",
      target: "esnext",
      minify: true,
      // Error names are part of result documents.
      keepNames: true,
      legalComments: "none",
      define: { IH_MINER_BUILD: JSON.stringify(build) },
      // Packages look for Node's environment at import, which a worker may not read.
      banner: { js: "globalThis.process=undefined;" },
      alias: { module: "node:module" },
      external: ["node:*"],
      loader: { ".wasm": "binary" },
      plugins: [embedGlpk, leaveOutNodeMetrics],
      logLevel: "warning",
    });
  } finally {
    await esbuild.stop();
  }
  await refuseSourceUrls(output);
  const files = (await Array.fromAsync(Deno.readDir(output))).map(({ name }) => join(output, name)).sort();
  // `deno compile` keeps the times of files: they must not tell when it was built.
  for (const path of files) await Deno.utime(path, 0, 0);
  const bundled = (path: string): string => join(output, basename(path).replace(/\.ts$/, ".js"));
  return { main: bundled(MAIN), files, workers: workers.map(bundled) };
}

async function workerModules(sources: string): Promise<string[]> {
  const paths = await readdir(join(sources, SOURCES_FOLDER), { recursive: true });
  return paths.filter((path) => path.endsWith(WORKER_SUFFIX)).sort().map((path) =>
    join(SOURCES_FOLDER, path)
  );
}

/** A worker that is started by the name of its source is not in the bundle: that would show only when it runs. */
async function refuseSourceUrls(output: string): Promise<void> {
  for await (const { name } of Deno.readDir(output)) {
    const [sourceName] = /\w+_worker\.ts\b/.exec(await Deno.readTextFile(join(output, name))) ?? [];
    if (sourceName === undefined) continue;
    throw new BundleError(
      `Cannot bundle: ${name} refers to ${sourceName}; start workers by \`workerModule()\` of src/agent/workers/launch.ts`,
    );
  }
}

const GLPK_ENTRY = "var t=()=>r();export{t as default};";
const GLPK_ENTRY_WITH_WASM = "var t=()=>r({wasmBinary:wasm});export{t as default};";

/** glpk.js reads its WebAssembly from a file beside itself: the bundle has it inside. */
const embedGlpk: esbuild.Plugin = {
  name: "embed-glpk",
  setup: (build) => {
    build.onLoad({ filter: /\/glpk\.js\/dist\/glpk\.js$/ }, async ({ path }) => {
      const source = await Deno.readTextFile(path);
      const contents = source.replace(GLPK_ENTRY, GLPK_ENTRY_WITH_WASM);
      if (contents === source) {
        throw new BundleError(
          `Cannot embed GLPK's WebAssembly: ${path} does not end with ${GLPK_ENTRY}; adapt the plugin to it`,
        );
      }
      return { contents: `import wasm from "./glpk.wasm";${contents}`, loader: "js" };
    });
  },
};

/** What prom-client has for Node.js alone, and asks for at its import. */
const NODE_ONLY = /\/prom-client\/lib\/(cluster|defaultMetrics|pushgateway)\.js$/;

/** prom-client without what is for Node.js alone; what is left of it formats messages by Node's `util`. */
const leaveOutNodeMetrics: esbuild.Plugin = {
  name: "leave-out-node-metrics",
  setup: (build) => {
    build.onLoad({ filter: NODE_ONLY }, () => ({ contents: "module.exports = {};", loader: "js" }));
    // A CommonJS `require` of an external module fails when it runs; an import within the bundle does not.
    build.onResolve({ filter: /^util$/ }, () => ({ path: "util", namespace: "node-builtin" }));
    build.onLoad({ filter: /^util$/, namespace: "node-builtin" }, () => ({
      contents: `export { format, inspect } from "node:util";`,
      loader: "js",
    }));
  },
};
