/**
 * The server's side of a WebSocket over raw TCP, for what a WebSocket library never does: a frame in pieces, a reserved
 * opcode, a connection reset (RFC 6455, sections 4.2 and 5).
 *
 * @module
 */

import { createHash } from "node:crypto";

const HANDSHAKE_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const MAX_HANDSHAKE_BYTES = 16_384;
/** How often a throttled connection sends. */
const SLICE_MS = 50;

/** Opcodes of frames. */
export const OPCODE = { text: 1, binary: 2, reserved: 3, close: 8, ping: 9, pong: 10 } as const;

/** Encodes one whole frame of a server, which is not masked. */
export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const header = new Uint8Array(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  const view = new DataView(header.buffer);
  header[0] = 0x80 | opcode;
  if (header.length === 2) header[1] = length;
  else if (header.length === 4) {
    header[1] = 126;
    view.setUint16(2, length);
  } else {
    header[1] = 127;
    view.setBigUint64(2, BigInt(length));
  }
  const frame = new Uint8Array(header.length + length);
  frame.set(header);
  frame.set(payload, header.length);
  return frame;
}

/** A client's connection. Reads end with `null` when the client is gone; writes to a closed connection do nothing. */
export class ServerSocket {
  readonly #conn: Deno.TcpConn;
  #isClosed = false;
  #isMute = false;
  #bytesPerSecond = Infinity;
  #writing: Promise<void> = Promise.resolve();

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isMute(): boolean {
    return this.#isMute;
  }

  /** Reads the request of the handshake and returns the answer to it; `null` if it is none. */
  async readHandshake(): Promise<string | null> {
    let request = "";
    while (!request.endsWith("\r\n\r\n")) {
      const byte = request.length < MAX_HANDSHAKE_BYTES ? await this.#read(1) : null;
      if (byte === null) return null;
      request += String.fromCharCode(byte[0]!);
    }
    const key = /^sec-websocket-key:\s*(\S+)/im.exec(request)?.[1];
    if (key === undefined) return null;
    const accept = createHash("sha1").update(key + HANDSHAKE_GUID).digest("base64");
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`;
  }

  /**
   * Reads the next text, but for its last byte, which stays unread until `finish` is called: closing a connection with
   * unread bytes is what makes the kernel send a reset. A JSON object's last byte is known to be `}`.
   *
   * @returns `null` when the client closed.
   */
  async readObject(): Promise<{ readonly text: string; finish(): Promise<void> } | null> {
    for (;;) {
      const header = await this.#read(2);
      if (header === null) return null;
      const opcode = header[0]! & 0x0f;
      const length = await this.#readLength(header[1]! & 0x7f);
      const mask = await this.#read(4);
      if (length === null || mask === null) return null;
      // A node that hangs does not answer the closing handshake either.
      if (opcode === OPCODE.close && !this.#isMute) return null;
      const isText = opcode === OPCODE.text && length > 0;
      const payload = await this.#read(isText ? length - 1 : length);
      if (payload === null) return null;
      if (!isText) continue;
      for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i % 4]!;
      return {
        text: `${new TextDecoder().decode(payload)}}`,
        finish: async () => void await this.#read(1),
      };
    }
  }

  /** Says nothing more; the connection stays open. */
  mute(): void {
    this.#isMute = true;
  }

  /** Sends no faster than this from now on. */
  throttle(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Writes bytes as they are, after those that are being written. */
  write(bytes: Uint8Array): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(bytes));
    return this.#writing;
  }

  /** Writes one whole frame. */
  send(payload: string | Uint8Array, opcode: number = OPCODE.text): Promise<void> {
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    return this.write(encodeFrame(opcode, bytes));
  }

  /** Closes the TCP connection without a closing handshake: as a reset if the client's bytes are unread. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#conn.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      for (let sent = 0; sent < bytes.length && !this.#isClosed && !this.#isMute;) {
        const share = Math.ceil(this.#bytesPerSecond * SLICE_MS / 1000);
        sent += await this.#conn.write(bytes.subarray(sent, sent + share));
        if (Number.isFinite(share)) await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
      }
    } catch {
      this.close();
    }
  }

  async #readLength(short: number): Promise<number | null> {
    if (short < 126) return short;
    const bytes = await this.#read(short === 126 ? 2 : 8);
    if (bytes === null) return null;
    const view = new DataView(bytes.buffer);
    return short === 126 ? view.getUint16(0) : Number(view.getBigUint64(0));
  }

  async #read(length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = new Uint8Array(length);
    try {
      for (let got = 0; got < length;) {
        const count = this.#isClosed ? null : await this.#conn.read(bytes.subarray(got));
        if (count === null) return null;
        got += count;
      }
    } catch {
      return null;
    }
    return bytes;
  }
}
