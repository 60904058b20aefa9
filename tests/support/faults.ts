/**
 * The ways in which a node, or the line to it, misbehaves.
 *
 * @module
 */

import type { Fault, StruckMessage } from "./fault_proxy.ts";
import { encodeFrame, OPCODE, type ServerSocket } from "./server_socket.ts";

const DELAY_MS = 400;
/** At this rate the simulator's metadata, 37 kB, take longer than any other answer may. */
const SLOW_BYTES_PER_SECOND = 1_500;
const RESTART_MS = 300;
const HUGE_BYTES = 64_000_000;
/** How many blocks a head goes back: fewer than the chain has since the window's first block. */
export const BLOCKS_BACK = 3;

/** What faults of the chain itself act upon. */
export interface FaultyChain {
  rewind(blocks: number): unknown;
  reorganise(depth: number): unknown;
}

/** Faults of the connection's beginning. */
export const HANDSHAKE_FAULTS: readonly Fault[] = [
  handshake("refused", ({ client, proxy }) => {
    proxy.restart(RESTART_MS);
    client.close();
  }),
  handshake("accepted and silent", ({ client }) => client.mute()),
  handshake("handshake cut", async ({ text, client }) => {
    await client.write(new TextEncoder().encode(text.slice(0, 40)));
    client.close();
  }),
  handshake("HTTP 503", async ({ client }) => {
    await client.write(
      new TextEncoder().encode("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
    );
    client.close();
  }),
  handshake("garbage for a handshake", async ({ client }) => {
    await client.write(crypto.getRandomValues(new Uint8Array(200)));
    client.close();
  }),
];

/** Faults of a message. */
export const MESSAGE_FAULTS: readonly Fault[] = [
  message("unanswered", () => {}),
  message("silent", ({ client }) => client.mute()),
  message("cut in mid-frame", async (struck) => {
    await writeHalf(struck);
    struck.client.close();
  }),
  message("stuck in mid-frame", async (struck) => {
    const written = writeHalf(struck);
    struck.client.mute();
    await written;
  }),
  { ...message("reset", ({ client }) => client.close()), leavesUnread: true },
  message("closed", async ({ client }) => {
    await client.send(new Uint8Array([0x03, 0xe9]), OPCODE.close);
    client.close();
  }),
  message("node restarted", ({ proxy }) => proxy.restart(RESTART_MS)),
  message("delayed", async ({ text, client }) => {
    await pause(DELAY_MS);
    await client.send(text);
  }),
  message("slow line", async ({ text, client }) => {
    client.throttle(SLOW_BYTES_PER_SECOND);
    await client.send(text);
  }),
  message("sent twice", async ({ text, client }) => {
    await client.send(text);
    await client.send(text);
  }),
  message("out of order", async ({ text, client }) => {
    await pause(0);
    await client.send(JSON.stringify({ jsonrpc: "2.0", id: 999_999, result: null }));
    await pause(50);
    await client.send(text);
  }),
  message("wrong id", ({ text, client }) => client.send(changed(text, { id: 4_000_000 }))),
  message("id as text", ({ text, client }) => client.send(changed(text, { id: "1" }))),
  message("garbage", ({ client }) => client.send("<html>502 Bad Gateway</html>")),
  message("binary frame", ({ text, client }) => client.send(text, OPCODE.binary)),
  message("reserved opcode", ({ text, client }) => client.send(text, OPCODE.reserved)),
  message("64 MB", ({ text, client }) => sendHuge(text, client)),
  message("null", ({ text, client }) => client.send(answered(text, null))),
  message("an object", ({ text, client }) => client.send(answered(text, {}))),
  message("odd hexadecimal", ({ text, client }) => client.send(answered(text, "0x0"))),
  message("error", ({ text, client }) =>
    client.send(
      JSON.stringify({
        jsonrpc: "2.0",
        id: JSON.parse(text).id,
        error: { code: -32603, message: "Internal error: database is locked" },
      }),
    )),
  message("runtime upgraded", async ({ text, client, proxy }) => {
    const upgrade = (sent: string): string =>
      sent.replace(/"specVersion":(\d+)/, (_, version) => `"specVersion":${Number(version) + 1}`);
    proxy.rewrite(upgrade);
    await client.send(upgrade(text));
  }),
];

/** Faults of the chain behind the node. */
export function chainFaults(chain: FaultyChain): readonly Fault[] {
  return [
    message("head goes back", async ({ text, client }) => {
      chain.rewind(BLOCKS_BACK);
      await client.send(text);
    }),
    message("last block replaced", async ({ text, client }) => {
      chain.reorganise(1);
      await client.send(text);
    }),
  ];
}

/** The node comes back as one of another chain. */
export function otherGenesis(otherUrl: string): Fault {
  return message("another genesis", ({ client, proxy }) => {
    proxy.retarget(otherUrl);
    client.close();
  });
}

function handshake(name: string, strike: Fault["strike"]): Fault {
  return { name, at: "handshake", strike };
}

function message(name: string, strike: Fault["strike"]): Fault {
  return { name, at: "message", strike };
}

function writeHalf({ text, client }: StruckMessage): Promise<void> {
  const frame = encodeFrame(OPCODE.text, new TextEncoder().encode(text));
  return client.write(frame.subarray(0, Math.ceil(frame.length / 2)));
}

function sendHuge(text: string, client: ServerSocket): Promise<void> {
  return client.send(answered(text, `0x${"00".repeat(HUGE_BYTES / 2)}`));
}

/** The answer, or the notification, with another result. */
function answered(text: string, result: unknown): string {
  const { params } = JSON.parse(text);
  return changed(text, params === undefined ? { result } : { params: { ...params, result } });
}

function changed(text: string, change: object): string {
  return JSON.stringify({ ...JSON.parse(text), ...change });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
