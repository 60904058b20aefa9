import { join } from "node:path";

/** Where Debian's package `faketime` puts it. */
export const FAKETIME_LIBRARY = `/usr/lib/${Deno.build.arch}-linux-gnu/faketime/libfaketimeMT.so.1`;

/** Whether programs can be run with a clock that a test sets. Where not, it says so. */
export const hasFaketime = await Deno.stat(FAKETIME_LIBRARY).then(() => true, () => false);
if (!hasFaketime) {
  globalThis.console.log(`skipped: tests of a clock that steps, there is no ${FAKETIME_LIBRARY}`);
}

/** Until the library has read the file again, and a tick that was due has come. */
const STEP_MS = 2_000;

/** The clock of a program, which a test sets; its monotonic clock is the host's. */
export class FakeTime {
  readonly #offsetPath: string;

  /** @param folder for the file that says how far the clock is off. */
  constructor(folder: string) {
    this.#offsetPath = join(folder, "clock-offset");
  }

  /** The environment of the program. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: FAKETIME_LIBRARY,
      FAKETIME_TIMESTAMP_FILE: this.#offsetPath,
      FAKETIME_CACHE_DURATION: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** Sets the clock, in seconds from the right time, and waits until the program has it. */
  async set(seconds: number): Promise<void> {
    await Deno.writeTextFile(this.#offsetPath, `${seconds < 0 ? "" : "+"}${seconds}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
