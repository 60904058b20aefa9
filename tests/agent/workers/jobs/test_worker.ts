/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
import { ChainError } from "../../../../src/chain/errors.ts";
import { serveJob } from "../../../../src/agent/workers/worker_side.ts";

class OwnError extends Error {
  override readonly name = "OwnError";
}

/** Does what the input says. */
serveJob<{ task: string; path?: string; url?: string }, unknown>(
  async ({ task, path = "", url = "" }, { log, step, noteFailure, sleepOrNewHead }) => {
    step(`doing ${task}`);
    switch (task) {
      case "answer":
        log.info("working", { error: new Error("as text"), big: 5n });
        return { answer: 42n };
      case "talk":
        globalThis.console.warn("library says", { x: 1 });
        return null;
      case "fail":
        throw new OwnError("went wrong");
      case "fail by input":
        throw new OwnError("wrong input");
      case "fail by endpoints": {
        const passedOver = endpointError("wss://a.example", "timeout");
        noteFailure(passedOver);
        noteFailure(passedOver);
        noteFailure(new Error("no endpoint's"));
        noteFailure(endpointError("wss://a.example", "rejected"));
        const last = endpointError("wss://b.example", "unreachable");
        noteFailure(last);
        throw last;
      }
      case "spin":
        for (;;) path += "";
      /* falls through */
      case "spin in wasm":
        spinInWasm();
        return null;
      case "hang":
        return await new Promise(() => setInterval(() => {}, 1000));
      case "wait for a head":
        await sleepOrNewHead(60_000);
        return "seen";
      case "throw outside":
        setTimeout(() => {
          throw new Error("nobody catches this");
        }, 0);
        return await new Promise(() => setInterval(() => {}, 1000));
      case "write":
        await Deno.writeTextFile(path, "x");
        return null;
      case "connect":
        return (await fetch(url)).status;
      case "run":
        return new Deno.Command("true").outputSync().code;
    }
    return null;
  },
  (error) => error instanceof Error && error.message === "wrong input",
);

function endpointError(endpoint: string, kind: ChainError["kind"]): ChainError {
  return new ChainError("gone", { kind, endpoint, retryable: true });
}

/** (module (func (export "f") (loop (br 0)))) */
function spinInWasm(): void {
  const bytes = new Uint8Array([
    0,
    97,
    115,
    109,
    1,
    0,
    0,
    0,
    1,
    4,
    1,
    96,
    0,
    0,
    3,
    2,
    1,
    0,
    7,
    5,
    1,
    1,
    102,
    0,
    0,
    10,
    9,
    1,
    7,
    0,
    3,
    64,
    12,
    0,
    11,
    11,
  ]);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  (instance.exports.f as () => void)();
}
