import type { AlertNotification } from "../../../src/operator/alerts/message.ts";
import type { WebhookConfig } from "../../../src/config/hooks.ts";

/** One request as it came. */
export interface Received {
  readonly path: string;
  readonly method: string;
  readonly contentType: string | null;
  // deno-lint-ignore no-explicit-any -- it is what the tests look into
  readonly body: any;
}

/** A chat service on 127.0.0.1. */
export class FakeService implements AsyncDisposable {
  readonly received: Received[] = [];
  /** The answers, first to last; then 200. */
  readonly answers: (Response | Promise<Response>)[] = [];
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    this.received.push({
      path: new URL(request.url).pathname,
      method: request.method,
      contentType: request.headers.get("content-type"),
      body: await request.json(),
    });
    return await (this.answers.shift() ?? new Response("ok"));
  });

  /** Its address, with a secret in it. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/services/s3cret;T0/B1?token=t0ken`;
  }

  config(format: WebhookConfig["format"] = "json"): WebhookConfig {
    return { url: this.url, format };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

export const NOTIFICATION: AlertNotification = {
  state: "begun",
  alert: { kind: "banned", subject: "", title: "Banned", text: "The hotkey is banned." },
  beganAtMs: Date.UTC(2026, 10, 23, 12, 0, 0),
  endedAtMs: null,
  identity: {
    hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    netuid: 89,
    network: ["finney"],
  },
  window: { index: 3, firstBlock: 8_000_040, lastBlock: 8_000_099 },
  version: "1.0.0",
};
