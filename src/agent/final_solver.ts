/**
 * Asks the program for the final outcome of a window, beside the service's runs and one window at a time.
 *
 * @module
 */

import type { CbcFailure } from "../auction/solver/cbc/program.ts";
import { within } from "../lib/within.ts";
import { askProgram, type ProgramAnswer, type ProgramQuestion } from "./jobs/final_outcome.ts";

/** Failures that another try in the same window would meet again. */
const FAILURES_THAT_STAY: readonly CbcFailure[] = ["timeout", "unwritable-problem"];

/** The program beside the service. */
export class FinalSolver {
  readonly #onLateAnswer: () => void;
  /** What is still to be answered; `null` if that is nothing. */
  #question: ProgramQuestion | null = null;
  #answer: ProgramAnswer | null = null;
  #isAsked = false;
  #isLate = false;
  #isStopped = false;
  /** Ends the program. */
  #cancel = new AbortController();
  /** Resolves when all programs so far have ended. Never rejects. */
  #ended: Promise<void> = Promise.resolve();

  /** @param onLateAnswer called when an answer can be taken that {@link ask} did not return. */
  constructor(onLateAnswer: () => void) {
    this.#onLateAnswer = onLateAnswer;
  }

  /** Replaces the question, and ends the program of the former one. */
  pose(question: ProgramQuestion | null): void {
    this.cancel();
    this.#question = question;
  }

  /**
   * Asks the question, unless there is none or the program is at it.
   *
   * @param limitMs how long the program may take, in milliseconds.
   * @param patienceMs how long to wait for the answer, in milliseconds.
   * @returns the answer if it came in that time; never after {@link stop}.
   */
  async ask(limitMs: number, patienceMs: number): Promise<ProgramAnswer | null> {
    const question = this.#question;
    if (question === null || this.#isAsked || this.#isStopped) return null;
    const { signal } = this.#cancel = new AbortController();
    this.#isAsked = true;
    this.#isLate = false;
    this.#ended = this.#ended.then(() => this.#run(question, limitMs, signal));
    await within(patienceMs, this.#ended);
    if (!signal.aborted) this.#isLate = true;
    return this.takeAnswer();
  }

  /** The answer if there is one. After a failure that may pass, the question can be asked again. */
  takeAnswer(): ProgramAnswer | null {
    const answer = this.#answer;
    if (answer === null) return null;
    this.cancel();
    if (answer.failure === null || FAILURES_THAT_STAY.includes(answer.failure)) this.#question = null;
    return answer;
  }

  /** Ends the program. */
  cancel(): void {
    this.#isAsked = false;
    this.#answer = null;
    this.#cancel.abort(new Error("Cannot finish the auction: its outcome is no longer needed"));
  }

  /** Ends the program for good, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.cancel();
    await this.#ended;
  }

  async #run(question: ProgramQuestion, limitMs: number, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      const answer = await askProgram(question, { limitMs, signal });
      if (signal.aborted) return;
      this.#answer = answer;
      if (this.#isLate) this.#onLateAnswer();
    } catch {
      // It was cancelled: nothing else is thrown.
    }
  }
}
