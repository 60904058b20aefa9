/**
 * A compromised package in each worker of the bundled program, with the flags that both forms run it with: what it cannot
 * do, Deno refuses. From source the workers have more rights (`tests/agent/workers/compromised_test.ts`).
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareBuildFolder } from "../../scripts/compile/build_folder.ts";
import { readBuildInfo } from "../../scripts/compile/build_info.ts";
import { bundle } from "../../scripts/compile/bundle.ts";
import { RUNTIME_FLAGS } from "../../scripts/compile/runtime_flags.ts";
import { loadConfig } from "../../src/config/load.ts";
import { attemptsOf } from "../agent/workers/compromised/attempts.ts";
import { setScene } from "../support/scene.ts";
import { programs } from "./stage.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A package's module that each worker loads. */
const VICTIM = "node_modules/@scure/base/index.js";
/** Stands in the bundle for the worker that is attacked, and for the attack. */
const MARK = "compromised-worker";

/** The command that starts each worker, and what else the worker must not do. */
const WORKERS: Readonly<
  Record<string, { readonly args: (path: string) => string[]; readonly mayReadHotkey: boolean }>
> = {
  address: { args: (path) => [path, "--once", "auction"], mayReadHotkey: true },
  auction: { args: (path) => [path, "--once", "auction"], mayReadHotkey: false },
  commitment: { args: (path) => [path, "--once", "commitment"], mayReadHotkey: true },
  check: { args: (path) => ["check", path, "--json"], mayReadHotkey: true },
};

/** The bundle's files, by name, with a package that runs the code of `MARK`. */
async function compromisedBundle(): Promise<Map<string, string>> {
  using folder = await prepareBuildFolder(ROOT);
  const { sources, bundle: output } = folder;
  const path = await Deno.realPath(join(sources, VICTIM));
  const text = await Deno.readTextFile(path);
  // Within the module, since what nothing uses is left out.
  await Deno.remove(path);
  await Deno.writeTextFile(path, `globalThis[${JSON.stringify(MARK)}]?.();\n${text}`);
  const { files } = await bundle({ sources, output, build: await readBuildInfo(ROOT) });
  return new Map(
    await Promise.all(files.map(async (file) => [basename(file), await Deno.readTextFile(file)] as const)),
  );
}

Deno.test({
  name: programs.length > 0
    ? "a compromised package in a worker of the bundled program can do nothing but what the worker's job needs"
    : "a compromised package in a worker of the bundled program (skipped: run deno task test:program)",
  ignore: programs.length === 0,
  fn: async (t) => {
    const files = await compromisedBundle();
    for (const [worker, { args, mayReadHotkey }] of Object.entries(WORKERS)) {
      await t.step(worker, async () => {
        await using scene = await setScene();
        const { rig } = scene;
        const { hotkeyPath } = await loadConfig(rig.configPath, { HOME: rig.folder });
        const program = join(rig.folder, "program");
        await Deno.mkdir(program);
        const code = attemptsOf({
          "read the hotkey": `Deno.readTextFileSync(${JSON.stringify(hotkeyPath)})`,
          "read the configuration": `Deno.readTextFileSync(${JSON.stringify(rig.configPath)})`,
          "read a file of the system": `Deno.readTextFileSync("/etc/passwd")`,
          "list a folder": `[...Deno.readDirSync(${JSON.stringify(rig.folder)})]`,
          "go to another folder": `Deno.chdir(${JSON.stringify(rig.folder)})`,
          "read the environment": `Deno.env.toObject()`,
          "read a variable": `Deno.env.get("HOME")`,
        });
        const attack = `() => { if (self.name === ${JSON.stringify(worker)}) { ${code} } }`;
        for (const [name, text] of files) {
          const marked = new RegExp(`globalThis\\[?\\.?"?${MARK}"?\\]?\\?\\.\\(\\)`, "g");
          await Deno.writeTextFile(join(program, name), text.replace(marked, () => `(${attack})()`));
        }
        const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "--quiet", ...RUNTIME_FLAGS, join(program, "main.js"), ...args(rig.configPath)],
          clearEnv: true,
          env: { HOME: rig.folder },
          stdin: "null",
        }).output();
        const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
        const possible = mayReadHotkey ? ["read the hotkey"] : [];
        // As it is quoted in the JSON that the program prints.
        const expected = JSON.stringify(`possible: ${JSON.stringify(possible)}`).slice(1, -1);
        assert.ok(out!.includes(expected), `${out}${err}`);
        assert.doesNotMatch(`${out}${err}`, /^forged/m);
      });
    }
  },
});
