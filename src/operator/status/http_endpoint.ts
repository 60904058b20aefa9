/**
 * Listens where the configuration says, for as long as it says so. It never stops the agent: what goes wrong is
 * logged, and tried again when the configuration is read the next time.
 *
 * @module
 */

import { formatListenAddress, isLoopback, type ListenAddress } from "../../lib/listen_address.ts";
import type { Logger } from "../../lib/log.ts";
import { asError } from "../../lib/errors.ts";
import { within } from "../../lib/within.ts";

const CLOSE_PATIENCE_MS = 500;

/** Options of {@link HttpEndpoint}. */
export interface HttpEndpointOptions {
  readonly log: Logger;
  readonly answer: (request: Request) => Promise<Response>;
}

/** An HTTP server that can move. */
export class HttpEndpoint {
  readonly #options: HttpEndpointOptions;
  #server: Deno.HttpServer<Deno.NetAddr> | null = null;
  /** Where it listens; empty: nowhere. */
  #address = "";
  /** Where it could not listen when that was last tried, and why. */
  #failure = "";
  #turn: Promise<void> = Promise.resolve();

  constructor(options: HttpEndpointOptions) {
    this.#options = options;
  }

  /** Listens here from now on, or nowhere; nothing happens when that is so already. Never rejects. */
  listenOn(address: ListenAddress | null): Promise<void> {
    return this.#turn = this.#turn.then(() => this.#move(address));
  }

  async #move(address: ListenAddress | null): Promise<void> {
    const wanted = address === null ? "" : formatListenAddress(address);
    if (wanted === this.#address) return;
    await this.#close();
    if (address !== null) this.#open(address, wanted);
  }

  #open(address: ListenAddress, shown: string): void {
    const { log, answer } = this.#options;
    try {
      this.#server = Deno.serve({
        ...address,
        onListen: () => {},
        onError: (error) => {
          log.error("Cannot answer an HTTP request", { error });
          return new Response("Cannot answer: an error of the agent's, see its log\n", { status: 500 });
        },
      }, answer);
    } catch (error) {
      const why = asError(error).message;
      const fields = {
        address: shown,
        error: why,
        hint: "free the address or change [http] listen; it is tried again each minute",
      };
      if (this.#failure === `${shown} ${why}`) log.debug("Cannot listen for HTTP", fields);
      else log.error("Cannot listen for HTTP", fields);
      this.#failure = `${shown} ${why}`;
      return;
    }
    this.#address = shown;
    this.#failure = "";
    log.info("Listening for HTTP", { url: `http://${shown}/` });
    if (!isLoopback(address)) {
      log.warning("The status can be read by whoever reaches this address", { address: shown });
    }
  }

  async #close(): Promise<void> {
    if (this.#server === null) return;
    const server = this.#server;
    this.#server = null;
    this.#address = "";
    // A client that reads slowly must not hold up the agent's end.
    await within(CLOSE_PATIENCE_MS, server.shutdown());
  }
}
