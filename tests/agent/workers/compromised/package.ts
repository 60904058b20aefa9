/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
/**
 * Plays a compromised package inside a worker: runs the code in a variable of the environment before the worker's own.
 *
 * The code may call `post(message)`, and `onAnswer(change)` to change the answer that the worker's own code gives.
 *
 * @module
 */

import { CODE_VARIABLE } from "./attempts.ts";

const post = self.postMessage.bind(self);

function onAnswer(change: (answer: unknown) => unknown): void {
  self.postMessage = ((message: { type: string; output: unknown }) =>
    post(
      message.type === "done" ? { ...message, output: change(message.output) } : message,
    )) as typeof self.postMessage;
}

const code = Deno.env.get(CODE_VARIABLE) ?? "";
const run: (...args: unknown[]) => unknown = new Function("post", "onAnswer", code) as typeof run;
run(post, onAnswer);
