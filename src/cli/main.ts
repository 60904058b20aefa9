/**
 * Runs the commands of ih-miner. Each command loads its modules on demand, so that `--version` is quick.
 *
 * @module
 */

import { keepLoopbackDirect, readEnvironment } from "../config/environment.ts";
import { UsageError } from "../lib/args.ts";
import { type Logger, logger, startLogging } from "../lib/log.ts";
import { describeVersion } from "../version.ts";
import { type Command, parseCommand } from "./arguments.ts";
import { documentText } from "../lib/document.ts";
import { asError } from "../lib/errors.ts";
import { printable } from "../lib/printable.ts";
import { type TextStream, writeText } from "../lib/text_stream.ts";
import { EXIT_DONE, EXIT_JOB_FAILED, EXIT_WRONG_INPUT, exitCodeOf } from "./exit_codes.ts";
import { helpText } from "./help.ts";
import { InterruptedError, Interruption } from "./interruption.ts";
import type { OnceResult } from "./once.ts";

/**
 * Runs a command line.
 *
 * @returns the exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await runCommandLine(args);
  } catch (error) {
    return complainUnexpected(error);
  }
}

/** Ends the program at an error that nothing catches, as the runtime does, but without printing its text raw. */
export function endAtUncaughtErrors(): void {
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    Deno.exit(complainUnexpected(event.error));
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    Deno.exit(complainUnexpected(event.reason));
  });
}

function complainUnexpected(error: unknown): number {
  print(Deno.stderr, `ih-miner: unexpected error: ${asError(error).stack}\n`);
  return EXIT_JOB_FAILED;
}

async function runCommandLine(args: readonly string[]): Promise<number> {
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
      print(Deno.stdout, helpText());
      return EXIT_DONE;
    case "version":
      print(Deno.stdout, `ih-miner ${describeVersion()}\n`);
      return EXIT_DONE;
    case "once": {
      const { runOnce } = await import("./once.ts");
      return await runInterruptibly(await startRun(command), (parts) => runOnce(command, parts));
    }
    case "init": {
      await startLogging({ level: "error", format: "pretty", stream: Deno.stderr });
      const { runInit } = await import("./init/init.ts");
      const { createPrompter } = await import("./init/prompter.ts");
      const { isTerminal, Terminal } = await import("./init/terminal.ts");
      const { ownCommand } = await import("./init/own_command.ts");
      using interruption = new Interruption();
      const { signal } = interruption;
      using terminal = command.yes || !isTerminal()
        ? null
        : new Terminal(() => interruption.interrupt("SIGINT"));
      return await runInit(command, {
        log: logger(),
        signal,
        printOut: (text) => print(Deno.stdout, text),
        printError: (text) => print(Deno.stderr, text),
        program: await ownCommand(readEnvironment().PATH ?? ""),
        prompter: terminal === null ? null : createPrompter({ ...terminal, signal }),
      });
    }
    case "replay": {
      const { runReplay } = await import("./replay.ts");
      const run = await startRun(command);
      const { exitCode, document } = await runReplay(command, run.log);
      printDocument(run, document);
      return exitCode;
    }
    case "check": {
      await startLogging({ level: command.logLevel, format: command.logFormat, stream: Deno.stderr });
      const { runCheck } = await import("./check.ts");
      using interruption = new Interruption();
      try {
        const { exitCode, text } = await runCheck(command, { log: logger(), signal: interruption.signal });
        print(Deno.stdout, text);
        return exitCode;
      } catch (error) {
        if (!(error instanceof InterruptedError)) throw error;
        return error.exitCode;
      }
    }
    case "advise": {
      await startLogging({ level: command.logLevel, format: command.logFormat, stream: Deno.stderr });
      const { runAdvise } = await import("./advise.ts");
      using interruption = new Interruption();
      const parts = { log: logger(), signal: interruption.signal };
      const { exitCode, text, error } = await runAdvise(command, parts);
      print(Deno.stdout, text);
      print(Deno.stderr, error);
      return exitCode;
    }
    case "earnings": {
      await startLogging({ level: command.logLevel, format: command.logFormat, stream: Deno.stderr });
      const { showEarnings } = await import("./earnings.ts");
      using interruption = new Interruption();
      const parts = { log: logger(), signal: interruption.signal, nowMs: Date.now() };
      const { exitCode, text, error } = await showEarnings(command, parts);
      print(Deno.stdout, text);
      print(Deno.stderr, error);
      return exitCode;
    }
    case "config": {
      const { showConfig } = await import("./show_config.ts");
      const { exitCode, text, error } = await showConfig(command);
      print(Deno.stdout, text);
      print(Deno.stderr, error);
      return exitCode;
    }
    case "completions": {
      const { completionScript } = await import("./completions.ts");
      print(Deno.stdout, completionScript(command.shell));
      return EXIT_DONE;
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

/** A run that prints a document. */
interface Run {
  readonly id: string;
  readonly log: Logger;
}

async function startRun(
  { logLevel, logFormat }: Extract<Command, { name: "once" | "replay" }>,
): Promise<Run> {
  await startLogging({ level: logLevel, format: logFormat, stream: Deno.stderr });
  const id = crypto.randomUUID().slice(0, 8);
  return { id, log: logger().with({ run_id: id }) };
}

/** Runs a job, prints its document, and then calls the hooks, so that readers of the document need not wait for them. */
async function runInterruptibly(
  run: Run,
  work: (parts: { readonly log: Logger; readonly signal: AbortSignal }) => Promise<OnceResult>,
): Promise<number> {
  using interruption = new Interruption();
  const { signal } = interruption;
  const { exitCode, document, callHooks } = await work({ log: run.log, signal });
  try {
    printDocument(run, document);
  } finally {
    await callHooks();
  }
  return signal.aborted ? exitCodeOf(signal.reason) : exitCode;
}

function printDocument({ id }: Run, document: object): void {
  print(Deno.stdout, documentText({ runId: id, ...document }));
}

/** The only way out for text of this module, so that none gets to a terminal raw. */
function print(stream: TextStream, text: string): void {
  writeText(stream, printable(text));
}
