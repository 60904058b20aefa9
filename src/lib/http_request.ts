/**
 * Reads the head of an HTTP/1 request (RFC 9112).
 *
 * @module
 */

/** A request that is refused before anybody looks at what it asks for. */
export class HttpRefusal extends Error {
  override readonly name = "HttpRefusal";

  /** @param message one sentence for the client, without the status. */
  constructor(readonly status: 400 | 431, message: string) {
    super(message);
  }
}

const REQUEST_LINE = /^([A-Z]+) (\S+) HTTP\/1\.([01])$/;
/** A name or address with or without a port: nothing that an URL would take for a login or a path. */
const HOST = /^[\w.-]+(?::\d+)?$|^\[[\da-f:.]+\](?::\d+)?$/i;

/**
 * A request from its head. A body is no part of it.
 *
 * @param head the request line and the headers, without the blank line after them.
 * @throws {HttpRefusal} if it is malformed.
 */
export function parseRequestHead(head: string): Request {
  const [requestLine = "", ...lines] = head.split(/\r?\n/);
  const [, method, target, minorVersion] = REQUEST_LINE.exec(requestLine) ?? [];
  if (method === undefined || target === undefined) {
    throw new HttpRefusal(400, "Cannot read the request line: it must be like GET / HTTP/1.1");
  }
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    try {
      headers.append(line.slice(0, Math.max(colon, 0)), line.slice(colon + 1).trim());
    } catch {
      throw new HttpRefusal(400, "Cannot read a header of the request: it must be like Name: value");
    }
  }
  // HTTP/1.0 knows no Host header. Two of them are joined by a comma, which no host has.
  const host = headers.get("host") ?? (minorVersion === "0" ? "localhost" : "");
  const url = HOST.test(host) ? URL.parse(target.startsWith("/") ? `http://${host}${target}` : target) : null;
  if (url === null) {
    throw new HttpRefusal(
      400,
      "Cannot read the address of the request: its target or its Host header is malformed",
    );
  }
  try {
    return new Request(url, { method, headers });
  } catch {
    throw new HttpRefusal(400, `Cannot answer ${method}: only GET is possible here`);
  }
}
