/**
 * What a compromised package in a worker might try.
 *
 * @module
 */

/** The variable of the environment with the code that a compromised package runs; from source, workers can read it. */
export const CODE_VARIABLE = "IH_MINER_TEST_COMPROMISED";

/** Attempts that no worker's rights allow, from source or bundled. */
const NEVER: Readonly<Record<string, string>> = {
  "write a file": `Deno.writeTextFileSync("/tmp/ih-miner-attack", "x")`,
  "remove a file": `Deno.removeSync("/tmp/ih-miner-attack")`,
  "reach another port": `Deno.connect({ hostname: "127.0.0.1", port: 2 }).then(() => {}, refused)`,
  "reach another port by HTTP": `fetch("http://127.0.0.1:2/").then(() => {}, refused)`,
  "resolve a name": `Deno.resolveDns("example.com", "A").then(() => {}, refused)`,
  "listen": `Deno.listen({ port: 0 })`,
  "run a program": `new Deno.Command("true").outputSync()`,
  "end the process by a signal": `Deno.kill(Deno.pid, "SIGTERM")`,
  "load a library": `Deno.dlopen("libc.so.6", {})`,
  "name the host": `Deno.hostname()`,
  "import code from a host": `import("http://127.0.0.1:2/x.js")`,
  "give a worker of its own more rights": `new Promise((resolve, reject) => {
    const worker = new Worker("data:text/javascript,postMessage(1)", {
      type: "module",
      deno: { permissions: { write: true } },
    });
    worker.onmessage = resolve;
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  })`,
  "print": `Deno.stdout.writeSync(new TextEncoder().encode("forged\\n"))`,
  "print an error": `Deno.stderr.writeSync(new TextEncoder().encode("forged\\n"))`,
  "read from the terminal": `Deno.stdin.readSync(new Uint8Array(1))`,
  "reach Deno's own functions": `Deno[Deno.internal].core.print("forged\\n")`,
  "abort the process": `import("node:process").then(({ default: process }) => process.abort())`,
};

/**
 * Code that tries everything, and lets the job fail with an error whose message is `possible: ` and a JSON list.
 *
 * @param more further attempts by name, as JavaScript expressions.
 */
export function attemptsOf(more: Readonly<Record<string, string>>): string {
  const attempts = Object.entries({ ...NEVER, ...more })
    .map(([what, expression]) => `${JSON.stringify(what)}: () => ${expression},`);
  return `
    // Where nobody answers, a right shows in how the attempt fails.
    const refused = (error) => {
      if (error.name === "NotCapable") throw error;
    };
    const attempts = {\n${attempts.join("\n")}\n};
    Object.defineProperty(self, "onmessage", { set: () => {} });
    (async () => {
      const possible = [];
      for (const [what, attempt] of Object.entries(attempts)) {
        try {
          await attempt();
          possible.push(what);
        } catch {}
      }
      Deno.umask(0);
      self.postMessage({
        type: "failed", name: "Tried", message: "possible: " + JSON.stringify(possible), stack: null, wrongInput: false, notBeforeBlock: null,
      });
    })();
  `;
}
