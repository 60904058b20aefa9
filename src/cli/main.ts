/**
 * The commands of ih-miner. What a command needs is loaded when it is asked for, so that `--version` is quick.
 *
 * @module
 */

import { keepLoopbackDirect } from "../config/environment.ts";
import { UsageError } from "../lib/args.ts";
import { logger, startLogging } from "../lib/log.ts";
import { describeVersion } from "../version.ts";
import { type Command, HELP, parseCommand } from "./arguments.ts";
import { toDocument } from "../lib/document.ts";
import { EXIT_DONE, EXIT_WRONG_INPUT } from "./exit_codes.ts";
import type { CommandResult } from "./once.ts";

/**
 * Runs one command line.
 *
 * @returns the exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  keepLoopbackDirect();
  let command: Command;
  try {
    command = parseCommand(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    print(Deno.stderr, `ih-miner: ${error.message}\nTry ih-miner --help.\n`);
    return EXIT_WRONG_INPUT;
  }
  switch (command.name) {
    case "help":
      print(Deno.stdout, HELP);
      return EXIT_DONE;
    case "version":
      print(Deno.stdout, `ih-miner ${describeVersion()}\n`);
      return EXIT_DONE;
    case "once": {
      const { runOnce } = await import("./once.ts");
      return await finish(command, (log) => runOnce(command, log));
    }
    case "replay": {
      const { runReplay } = await import("./replay.ts");
      return await finish(command, (log) => runReplay(command, log));
    }
    case "check": {
      await startLogging({ level: command.logLevel, format: command.logFormat, stream: Deno.stderr });
      const { runCheck } = await import("./check.ts");
      const { exitCode, text } = await runCheck(command, logger());
      print(Deno.stdout, text);
      return exitCode;
    }
    case "config": {
      const { showConfig } = await import("./show_config.ts");
      const { exitCode, text, error } = await showConfig(command);
      print(Deno.stdout, text);
      print(Deno.stderr, error);
      return exitCode;
    }
    case "status": {
      const { showStatus } = await import("./status.ts");
      return await showStatus(command);
    }
    case "daemon": {
      await startLogging({ level: command.logLevel, format: command.logFormat, stream: Deno.stdout });
      const { runAgent } = await import("./daemon.ts");
      return await runAgent(command, logger());
    }
  }
}

type RunCommand = (log: ReturnType<typeof logger>) => Promise<CommandResult>;

async function finish(
  { logLevel, logFormat }: Extract<Command, { name: "once" | "replay" }>,
  run: RunCommand,
): Promise<number> {
  await startLogging({ level: logLevel, format: logFormat, stream: Deno.stderr });
  const runId = crypto.randomUUID().slice(0, 8);
  const { exitCode, document } = await run(logger().with({ run_id: runId }));
  print(Deno.stdout, `${JSON.stringify(toDocument({ runId, ...document }), null, 2)}\n`);
  return exitCode;
}

function print(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
}
