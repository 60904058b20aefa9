/**
 * `deno task dependencies`: writes `docs/dependencies.md` from the lock file.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArguments, UsageError } from "../src/lib/args.ts";
import { complain, say } from "./command_line.ts";
import { runTool } from "./compile/run_tool.ts";
import { dependenciesPage } from "./release/dependencies_page.ts";
import { listPackages } from "./release/packages.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGE = join(ROOT, "docs", "dependencies.md");

const HELP = `deno task dependencies: writes docs/dependencies.md from deno.lock

  --check  changes nothing, and fails when the page is not up to date
  --help   this text
`;

Deno.exit(await main());

async function main(): Promise<number> {
  try {
    const { values, positionals } = parseArguments(Deno.args, {
      check: { type: "boolean" },
      help: { type: "boolean" },
    });
    if (values.help === true) {
      say(HELP.trimEnd());
      return 0;
    }
    if (positionals.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(positionals[0])}`);
    return await run(values.check === true);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(`dependencies: ${error.message}\nTry deno task dependencies --help.`);
    return 2;
  }
}

async function run(check: boolean): Promise<number> {
  const page = await makePage();
  if (page === await Deno.readTextFile(PAGE).catch(() => "")) {
    say("docs/dependencies.md is up to date");
    return 0;
  }
  if (check) {
    complain("docs/dependencies.md is not up to date; run deno task dependencies");
    return 1;
  }
  await Deno.writeTextFile(PAGE, page);
  say("wrote docs/dependencies.md");
  return 0;
}

async function makePage(): Promise<string> {
  const text = dependenciesPage(await listPackages(ROOT), await pinnedDeno());
  const path = await Deno.makeTempFile({ suffix: ".md" });
  try {
    await Deno.writeTextFile(path, text);
    const args = ["fmt", "--quiet", "--config", join(ROOT, "deno.json"), path];
    const { success, errorText } = await runTool(Deno.execPath(), args);
    if (!success) throw new Error(`Cannot format the page: ${errorText}`);
    return await Deno.readTextFile(path);
  } finally {
    await Deno.remove(path);
  }
}

/** The Deno that the README says to use. */
async function pinnedDeno(): Promise<string> {
  const [, version] = /\bdeno@(\d+\.\d+\.\d+)\b/.exec(await Deno.readTextFile(join(ROOT, "README.md"))) ?? [];
  if (version === undefined) throw new Error("README.md names no version of Deno");
  return version;
}
