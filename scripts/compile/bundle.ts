/**
 * Bundles the program into a few JavaScript files: one for the main thread, one per worker, and shared chunks.
 *
 * @module
 */

import * as esbuild from "esbuild";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { BuildInfo } from "../../src/version.ts";

/** The entry points. The main thread starts the workers by their names (`src/agent/workers/launch.ts`). */
const MAIN = "main.ts";
const SOURCES_FOLDER = "src";
const WORKER_SUFFIX = "_worker.ts";

/** A bundle on disk. */
export interface Bundle {
  /** Absolute path of the main module. */
  readonly main: string;
  /** Absolute paths of all files, modules and data, in a fixed order. */
  readonly files: readonly string[];
  /** Absolute paths of the workers' modules. */
  readonly workers: readonly string[];
  /** Absolute paths of the data beside the modules. */
  readonly data: readonly string[];
  /** The folders of the packages whose code is in it, relative to the sources; sorted. */
  readonly packages: readonly string[];
}

/** A source or a package is not in the form that the bundle needs. */
export class BundleError extends Error {
  override readonly name = "BundleError";
}

/** Options of {@link bundle}. */
export interface BundleOptions {
  /** Sources with a `node_modules` folder. */
  readonly sources: string;
  /** An empty folder. */
  readonly output: string;
  readonly build: BuildInfo;
  /** Files that the program reads beside its modules. @default none */
  readonly data?: readonly string[];
}

/**
 * Bundles the main module and the workers.
 *
 * @throws {BundleError} when a package is not in the form that the plugins expect.
 */
export async function bundle({ sources, output, build, data = [] }: BundleOptions): Promise<Bundle> {
  const workers = await workerModules(sources);
  let metafile;
  try {
    ({ metafile } = await esbuild.build({
      absWorkingDir: sources,
      entryPoints: [MAIN, ...workers],
      outdir: output,
      // One flat folder, so that `new URL("./x_worker.js", import.meta.url)` is right in every file.
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
      // Packages read Node's environment when they are imported, which a worker may not do.
      banner: { js: "globalThis.process=undefined;" },
      alias: { module: "node:module" },
      external: ["node:*"],
      loader: { ".wasm": "binary" },
      plugins: [embedGlpk, leaveOutNodeMetrics, importProcess],
      logLevel: "warning",
      metafile: true,
    }));
  } finally {
    await esbuild.stop();
  }
  await refuseSourceUrls(output);
  for (const path of data) await Deno.copyFile(path, join(output, basename(path)));
  const files = (await Array.fromAsync(Deno.readDir(output))).map(({ name }) => join(output, name)).sort();
  // `deno compile` stores the files' times, which would differ from build to build.
  for (const path of files) await Deno.utime(path, 0, 0);
  const bundled = (path: string): string => join(output, basename(path).replace(/\.ts$/, ".js"));
  return {
    main: bundled(MAIN),
    files,
    workers: workers.map(bundled),
    data: data.map((path) => join(output, basename(path))),
    packages: packagesIn(metafile),
  };
}

/** A module's path up to its package: `node_modules/.deno/zod@4.6.7/node_modules/zod`. */
const PACKAGE_FOLDER = /^node_modules\/\.deno\/[^/]+\/node_modules\/(?:@[^/]+\/)?[^/]+/;

function packagesIn({ outputs }: esbuild.Metafile): string[] {
  const modules = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path)
  );
  return [...new Set(modules.flatMap((path) => PACKAGE_FOLDER.exec(path)?.[0] ?? []))].sort();
}

async function workerModules(sources: string): Promise<string[]> {
  const paths = await readdir(join(sources, SOURCES_FOLDER), { recursive: true });
  return paths.filter((path) => path.endsWith(WORKER_SUFFIX)).sort().map((path) =>
    join(SOURCES_FOLDER, path)
  );
}

/** Refuses a worker that is started by the name of its source: the bundle lacks it, which would only show at run time. */
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

/** Embeds the WebAssembly that glpk.js otherwise reads from a file beside itself. */
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

/** Modules of prom-client that only work in Node.js, and that it imports always. */
const NODE_ONLY = /\/prom-client\/lib\/(cluster|defaultMetrics|pushgateway)\.js$/;

/** Leaves out those modules. The rest of prom-client formats messages with Node's `util`. */
const leaveOutNodeMetrics: esbuild.Plugin = {
  name: "leave-out-node-metrics",
  setup: (build) => {
    build.onLoad({ filter: NODE_ONLY }, () => ({ contents: "module.exports = {};", loader: "js" }));
    // A CommonJS `require` of an external module fails at run time; an import within the bundle works.
    build.onResolve({ filter: /^util$/ }, () => ({ path: "util", namespace: "node-builtin" }));
    build.onLoad({ filter: /^util$/, namespace: "node-builtin" }, () => ({
      contents: `export { format, inspect } from "node:util";`,
      loader: "js",
    }));
  },
};

/**
 * Has @clack/prompts, which the main thread loads for `ih-miner init` alone, import the `process` that the banner takes away
 * from all other packages.
 */
const importProcess: esbuild.Plugin = {
  name: "import-process",
  setup: (build) => {
    build.onLoad({ filter: /\/@clack\/[a-z]+\/dist\/index\.mjs$/ }, async ({ path }) => {
      const source = await Deno.readTextFile(path);
      const contents = `import process from "node:process";${
        source.replaceAll("globalThis.process", "process")
      }`;
      return { contents, loader: "js" };
    });
  },
};
