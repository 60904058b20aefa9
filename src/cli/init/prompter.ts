/**
 * Questions on a terminal: wraps @clack/prompts, with Ctrl-C as an error.
 *
 * @module
 */

import * as clack from "@clack/prompts";
import type { Readable, Writable } from "node:stream";
import { printable, printableLine } from "../../lib/printable.ts";
import { wrap } from "../help.ts";
import { InterruptedError } from "../interruption.ts";

const USUAL_COLUMNS = 80;
/** The line at the left of what is told, and the space beside it. */
const MARGIN = 3;

/** A question that is answered by a line of text. */
export interface TextQuestion {
  readonly message: string;
  /** Stands there to be edited or accepted. */
  readonly initial: string;
  /** What is wrong with the text; `null`: nothing. Asked again until then. */
  readonly check: (text: string) => Promise<string | null>;
}

/** A question with a few possible answers. */
export interface Choice {
  readonly message: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  /** One of the values. */
  readonly initial: string | undefined;
}

/** Asks and tells; each question throws {@link InterruptedError} on Ctrl-C, or the reason of an aborted signal. */
export interface Prompter {
  text(question: TextQuestion): Promise<string>;
  choose(choice: Choice): Promise<string>;
  confirm(message: string, initial: boolean): Promise<boolean>;
  /** A mistake, or a doubt. */
  warn(text: string): void;
  /** A file's text as it is, under its name. */
  showFile(path: string, text: string): void;
}

/** What a stream to a terminal has. */
interface Columns {
  readonly columns?: number;
}

/** The terminal's streams, and what ends a question from outside. */
export interface PrompterOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly signal: AbortSignal;
  /** Its event `resume` has the current question asked anew: something else was on the screen meanwhile. */
  readonly resumes?: EventTarget;
}

/** Asks on a terminal. */
export function createPrompter(options: PrompterOptions): Prompter {
  const { output, signal, resumes } = options;
  const answer = async <T>(ask: (streams: PrompterOptions) => Promise<T>): Promise<Exclude<T, symbol>> => {
    for (;;) {
      const again = new AbortController();
      const repeat = (): void => again.abort();
      resumes?.addEventListener("resume", repeat);
      const given = await ask({ ...options, signal: AbortSignal.any([signal, again.signal]) });
      resumes?.removeEventListener("resume", repeat);
      signal.throwIfAborted();
      if (!clack.isCancel(given)) return given as Exclude<T, symbol>;
      if (!again.signal.aborted) throw new InterruptedError("SIGINT");
    }
  };
  const fitted = (text: string): string => {
    const { columns = USUAL_COLUMNS }: Columns = output as Writable & Columns;
    return text.split("\n").flatMap((line) => wrap(line, columns - MARGIN)).join("\n");
  };
  return {
    text: async ({ message, initial, check }) => {
      const text = await answer((streams) =>
        clack.text({
          ...streams,
          message: printableLine(message),
          initialValue: printableLine(initial),
          validate: async (typed = "") => {
            const problem = await check(typed);
            return problem === null ? undefined : printableLine(problem);
          },
        })
      );
      return text.trim();
    },
    choose: ({ message, options: choices, initial }) =>
      answer((streams) =>
        clack.select<string>({
          ...streams,
          message: printableLine(message),
          options: choices.map(({ value, label }) => ({ value, label: printableLine(label) })),
          ...(initial === undefined ? {} : { initialValue: initial }),
        })
      ),
    confirm: (message, initialValue) =>
      answer((streams) => clack.confirm({ ...streams, message: printableLine(message), initialValue })),
    warn: (text) => clack.log.warn(fitted(printable(text)), { output }),
    showFile: (path, text) => {
      clack.log.step(printableLine(path), { output });
      output.write(`\n${printable(text)}\n`);
    },
  };
}
