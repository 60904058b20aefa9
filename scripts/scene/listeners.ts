/**
 * Receivers of the agent's messages, for demos and tests: a hook program and a webhook receiver.
 *
 * @module
 */

/** A call of a hook. */
export interface HookCall {
  /** The value of `IH_MINER_HOOK`. */
  readonly hook: string;
  /** The document from stdin. */
  // deno-lint-ignore no-explicit-any -- a document is read by name here, as a user's script would
  readonly document: any;
}

/** Needs no other program, so that it also runs with an empty `PATH`. */
const HOOK_SCRIPT = `#!/bin/sh
text=
while IFS= read -r line; do text="$text$line"; done
printf '%s %s\\n' "$IH_MINER_HOOK" "$text" >>"$1"
`;

/** A hook program that appends its calls to a file. */
export class HookFile {
  private constructor(readonly programPath: string, private readonly path: string) {}

  /** Writes the program into a folder. */
  static async make(folder: string): Promise<HookFile> {
    const programPath = `${folder}/hook.sh`;
    await Deno.writeTextFile(programPath, HOOK_SCRIPT, { mode: 0o700 });
    return new HookFile(programPath, `${folder}/hook-calls`);
  }

  /** Program and arguments, as `[hooks]` takes them. */
  get words(): string {
    return JSON.stringify([this.programPath, this.path]);
  }

  /** The calls so far. */
  async calls(): Promise<HookCall[]> {
    let text: string;
    try {
      text = await Deno.readTextFile(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
    // The last line may be incomplete.
    return text.split("\n").slice(0, -1).map((line) => {
      const space = line.indexOf(" ");
      return { hook: line.slice(0, space), document: JSON.parse(line.slice(space)) };
    });
  }
}

/** A service on 127.0.0.1 that takes alerts in the format `json`. */
export class WebhookReceiver implements AsyncDisposable {
  /** The documents, oldest first. */
  // deno-lint-ignore no-explicit-any -- as above
  readonly received: any[] = [];
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    // The check asks only whether the service is there.
    if (request.method === "POST") this.received.push(await request.json());
    return new Response("ok");
  });

  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  /** The URL, which contains a secret. */
  get url(): string {
    return `http://${this.host}/services/s3cret?token=t0ken`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
