/**
 * Asks the program for final outcomes beside the service's runs, one question at a time.
 *
 * @module
 */

import { within } from "../lib/within.ts";
import { askProgram, type ProgramAnswer, type ProgramQuestion } from "./jobs/final_outcome.ts";

/** The program beside the service. */
export class FinalSolver {
  readonly #onLateAnswer: () => void;
  /** Ends the program of the current question. */
  #cancel = new AbortController();
  #isAsked = false;
  #isLate = false;
  #answer: ProgramAnswer | null = null;
  #isStopped = false;
  /** Resolves when the programs of all questions have ended. Never rejects. */
  #ended: Promise<void> = Promise.resolve();

  /** @param onLateAnswer called when an answer can be taken that {@link ask} did not return. */
  constructor(onLateAnswer: () => void) {
    this.#onLateAnswer = onLateAnswer;
  }

  /** Whether there is a question whose answer was not taken. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /**
   * Asks a question in the place of the former one, whose program is ended first.
   *
   * @param limitMs how long the program may take, in milliseconds.
   * @param patienceMs how long to wait for the answer, in milliseconds.
   * @returns the answer if it came in that time; never after {@link stop}.
   */
  async ask(question: ProgramQuestion, limitMs: number, patienceMs: number): Promise<ProgramAnswer | null> {
    this.cancel();
    if (this.#isStopped) return null;
    const { signal } = this.#cancel = new AbortController();
    this.#isAsked = true;
    this.#isLate = false;
    this.#ended = this.#ended.then(() => this.#run(question, limitMs, signal));
    await within(patienceMs, this.#ended);
    if (!signal.aborted) this.#isLate = true;
    return this.takeAnswer();
  }

  /** The answer if there is one: the question is done then. */
  takeAnswer(): ProgramAnswer | null {
    const answer = this.#answer;
    if (answer !== null) this.cancel();
    return answer;
  }

  /** Drops the question and ends its program. */
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
