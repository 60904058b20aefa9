/**
 * The terminal of the process while `ih-miner init` asks.
 *
 * @module
 */

import process from "node:process";
import { PassThrough, Transform, type Writable } from "node:stream";

const CTRL_C = 0x03;
const [LINE_FEED, RETURN] = [0x0a, 0x0d];

/** A terminal that understands no sequences, such as that of an editor. */
const DUMB = "dumb";

/** The sequences that set a colour. Others stay: they move the cursor, and show where it is. */
// deno-lint-ignore no-control-regex -- these sequences begin with a control character
const COLOURS = /\x1b\[(?:[349]\d|10[0-7])m/g;

/**
 * Reads every key from the beginning to the end, also between two questions: Node's stdin, which each question would open
 * and close again, loses the first key of the next one (Deno 2.6.8).
 */
export class Terminal implements Disposable {
  /** What is typed. */
  readonly input = new PassThrough();
  readonly output: Writable = Deno.noColor || Deno.env.get("TERM") === DUMB
    ? colourless(process.stdout)
    : process.stdout;
  /** Has an event `resume` when the program goes on after it was stopped, as by Ctrl-Z. */
  readonly resumes: EventTarget = new EventTarget();
  // The shell gave the terminal its usual mode, in which keys come line by line and Enter is another character.
  readonly #resume = (): void => {
    Deno.stdin.setRaw(true);
    this.resumes.dispatchEvent(new Event("resume"));
  };

  /** @param onInterrupt called for Ctrl-C, which is a key like others in this mode, and when the terminal is gone. */
  constructor(onInterrupt: () => void) {
    Deno.stdin.setRaw(true);
    Deno.addSignalListener("SIGCONT", this.#resume);
    this.#read(onInterrupt).catch(onInterrupt);
  }

  async #read(onInterrupt: () => void): Promise<void> {
    for await (const bytes of Deno.stdin.readable) {
      if (bytes.includes(CTRL_C)) onInterrupt();
      this.input.write(withReturns(bytes));
    }
    onInterrupt();
  }

  /** Gives the terminal back as it was. */
  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGCONT", this.#resume);
    Deno.stdin.setRaw(false);
  }
}

/** Whether there is somebody to ask. */
export function isTerminal(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

/** A terminal that gets no colours: @clack/prompts does not know of `NO_COLOR`. */
function colourless(terminal: Writable & { readonly columns?: number; readonly rows?: number }): Writable {
  const filter = new Transform({
    decodeStrings: false,
    transform: (text, _encoding, done) => done(null, String(text).replace(COLOURS, "")),
  });
  filter.pipe(terminal);
  return Object.defineProperties(filter, {
    columns: { get: () => terminal.columns },
    rows: { get: () => terminal.rows },
  });
}

/** Enter as the questions know it: a terminal in its usual mode, before this program begins, and scripts send line feeds. */
function withReturns(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte, i) => byte !== LINE_FEED || bytes[i - 1] !== RETURN)
    .map((byte) => byte === LINE_FEED ? RETURN : byte);
}
