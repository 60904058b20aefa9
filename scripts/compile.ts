/**
 * `deno task compile`: builds ih-miner as one file.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArguments, UsageError } from "../src/lib/args.ts";
import { TARGETS } from "./compile/elf.ts";
import { BUILD_ERRORS } from "./compile/errors.ts";
import { buildProgram, HERE } from "./compile/program.ts";
import { complain, say } from "./command_line.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const HELP = `deno task compile: builds ih-miner as one file

  --target TARGET       ${TARGETS.join(" or ")} (default: this machine's)
  --output FILE         (default: dist/ih-miner)
  --solver FILE         puts the validators' solver into it: FILE is their program, or for ARM64 a pack of it, made by
                        scripts/install-cbc.sh --pack (see docs/binary.md)
  --self-extracting-sh  a shell script that unpacks itself on first use, made from npm's Deno: for machines that
                        cannot download the runtime base of \`deno compile\`
  --help                this text

$DENORT_BIN names a runtime base to use instead of the downloaded one.
`;

Deno.exit(await main());

async function main(): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      report(`${error.message}\nTry deno task compile --help.`);
      return 2;
    }
    if (!BUILD_ERRORS.some((known) => error instanceof known)) throw error;
    report((error as Error).message);
    return 1;
  }
}

async function run(): Promise<void> {
  const { values, positionals } = parseArguments(Deno.args, {
    target: { type: "string" },
    output: { type: "string" },
    solver: { type: "string" },
    "self-extracting-sh": { type: "boolean" },
    help: { type: "boolean" },
  });
  if (values.help === true) return say(HELP.trimEnd());
  if (positionals.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(positionals[0])}`);
  const target = TARGETS.find((name) => name === (values.target ?? HERE));
  if (target === undefined) throw new UsageError(`--target must be one of ${TARGETS.join(", ")}`);
  // `deno task` changes to the project's folder; INIT_CWD is the folder it was called in.
  const fromCaller = (path: string): string => resolve(Deno.env.get("INIT_CWD") ?? "", path);
  const output = fromCaller(String(values.output ?? join(ROOT, "dist/ih-miner")));

  const base = Deno.env.get("DENORT_BIN");
  const version = await buildProgram({
    root: ROOT,
    target,
    output,
    base: base === undefined ? undefined : fromCaller(base),
    solver: values.solver === undefined ? undefined : fromCaller(String(values.solver)),
    selfExtracting: values["self-extracting-sh"] === true,
    warn: report,
  });
  say(
    `${output}: ${(await Deno.stat(output)).size} bytes, ` +
      (version ?? `for ${target}: not run on this machine`),
  );
}

function report(message: string): void {
  complain(`compile: ${message}`);
}
