/**
 * Listens where the configuration says, for as long as it says so. It never stops the agent: what goes wrong is
 * logged, and tried again when the configuration is read the next time.
 *
 * @module
 */

import { HttpServer, type HttpTimeLimits, plainResponse } from "../../lib/http_server.ts";
import { formatListenAddress, isLoopback, type ListenAddress } from "../../lib/listen_address.ts";
import type { Logger } from "../../lib/log.ts";
import { asError } from "../../lib/errors.ts";

const CLOSE_PATIENCE_MS = 500;

/** Options of {@link HttpEndpoint}. */
export interface HttpEndpointOptions extends HttpTimeLimits {
  readonly log: Logger;
  readonly answer: (request: Request) => Promise<Response>;
}

/** An HTTP server that can move. */
export class HttpEndpoint {
  readonly #options: HttpEndpointOptions;
  #server: HttpServer | null = null;
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
      this.#server = new HttpServer({
        ...this.#options,
        address,
        answer: isLoopback(address) ? (request) => answerLocally(request, answer) : answer,
        onError: (error) => log.error("Cannot answer an HTTP request", { error }),
      });
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
    await server.close(CLOSE_PATIENCE_MS);
  }
}

/**
 * Answers only who asks for this machine by an address or as localhost. Else a web page could make the browser of somebody
 * here read the status: by a name of its own that it has pointed at the loopback address ("DNS rebinding").
 */
async function answerLocally(
  request: Request,
  answer: HttpEndpointOptions["answer"],
): Promise<Response> {
  const { hostname } = new URL(request.url);
  if (isLoopback({ hostname: hostname.replace(/^\[(.*)\]$/, "$1") })) return await answer(request);
  return plainResponse(
    421,
    "Cannot answer for this host name: here it must be localhost, 127.0.0.1 or [::1]. Open that address; " +
      "behind a reverse proxy, have it send the header Host: 127.0.0.1",
  );
}
