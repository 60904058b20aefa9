import assert from "node:assert/strict";
import { ChainError, type ChainErrorKind } from "../../src/chain/errors.ts";
import { type JsonRpcConnection, openJsonRpc } from "../../src/chain/json_rpc.ts";
import { type MockMethod, NO_ANSWER, RpcFault, startMockNode } from "./mock_node.ts";

function open(endpoint: string, signal?: AbortSignal): Promise<JsonRpcConnection> {
  return openJsonRpc({ endpoint, connectTimeoutMs: 2000, requestTimeoutMs: 150, signal });
}

function fails(kind: ChainErrorKind, endpoint: string, request: string | null): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ChainError);
    assert.equal(error.kind, kind);
    assert.equal(error.endpoint, endpoint);
    assert.equal(error.request, request);
    assert.ok(error.message.includes(endpoint), error.message);
    if (request !== null) assert.ok(error.message.includes(request), error.message);
    return true;
  };
}

function unusedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

Deno.test("openJsonRpc() fails with the endpoint when nothing listens there", async () => {
  const url = `ws://127.0.0.1:${unusedPort()}`;
  await assert.rejects(open(url), fails("unreachable", url, null));
});

Deno.test("openJsonRpc() fails when the server does not speak WebSocket", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("hello"),
  );
  const url = `ws://127.0.0.1:${server.addr.port}`;
  await assert.rejects(open(url), fails("unreachable", url, null));
  await server.shutdown();
});

Deno.test("openJsonRpc() gives up on a port that accepts and never answers", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const url = `ws://127.0.0.1:${listener.addr.port}`;
  await assert.rejects(
    openJsonRpc({ endpoint: url, connectTimeoutMs: 50, requestTimeoutMs: 50 }),
    fails("timeout", url, null),
  );
  (await accepted).close();
});

Deno.test("openJsonRpc() stops with the signal", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const url = `ws://127.0.0.1:${listener.addr.port}`;
  const controller = new AbortController();
  const opening = assert.rejects(open(url, controller.signal), fails("aborted", url, null));
  const socket = await accepted;
  controller.abort();
  await opening;
  socket.close();
  await assert.rejects(open(url, controller.signal), fails("aborted", url, null));
});

Deno.test("request() matches results with requests in any order", async () => {
  await using node = startMockNode({ double: ([value]) => Number(value) * 2, nothing: () => null });
  const rpc = await open(node.url);
  assert.deepEqual(
    await Promise.all([rpc.request("double", [1]), rpc.request("nothing"), rpc.request("double", [3])]),
    [2, null, 6],
  );
  await rpc.close();
});

Deno.test("request() has a deadline of its own and the connection survives it", async () => {
  await using node = startMockNode({ never: () => NO_ANSWER, now: () => 1 });
  const rpc = await open(node.url);
  const never = assert.rejects(rpc.request("never"), fails("timeout", node.url, "never"));
  assert.equal(await rpc.request("now"), 1);
  await never;
  assert.equal(await rpc.request("now"), 1);
  await rpc.close();
});

/** Answers with the parameter after this many milliseconds. */
function later(delayMs: number): MockMethod {
  return ([id, value], session) => {
    setTimeout(() => session.sendText(JSON.stringify({ jsonrpc: "2.0", id, result: value })), delayMs);
    return NO_ANSWER;
  };
}

Deno.test("request() waits longer for a large answer, and for small ones as long as a large one may be in front", async () => {
  await using node = startMockNode({
    state_getKeysPaged: later(1_200),
    small: later(1_500),
    never: () => NO_ANSWER,
  });
  const rpc = await openJsonRpc({
    endpoint: node.url,
    connectTimeoutMs: 2000,
    requestTimeoutMs: 700,
    largeRequestTimeoutMs: 4_000,
  });
  assert.deepEqual(
    await Promise.all([rpc.request("state_getKeysPaged", [1, "large"]), rpc.request("small", [2, "small"])]),
    ["large", "small"],
  );
  const startMs = performance.now();
  await assert.rejects(rpc.request("never"), fails("timeout", node.url, "never"));
  assert.ok(performance.now() - startMs < 3_000, "alone a small answer has its own limit");
  await rpc.close();
});

Deno.test("watchStalls() tells that requests wait, not that there are none", async () => {
  await using node = startMockNode({ never: () => NO_ANSWER, now: () => 1 });
  const rpc = await openJsonRpc({ endpoint: node.url, connectTimeoutMs: 2000, requestTimeoutMs: 5000 });
  const stalled = Promise.withResolvers<number>();
  const stopWatching = rpc.watchStalls(() => stalled.resolve(performance.now()));
  await rpc.request("now");
  await new Promise((resolve) => setTimeout(resolve, 2200));
  const askedMs = performance.now();
  const never = rpc.request("never").catch(() => {});
  assert.ok(await stalled.promise - askedMs > 1900);
  stopWatching();
  await rpc.close();
  await never;
});

Deno.test("request() keeps the node's error code and text", async () => {
  await using node = startMockNode({
    refuse: () => {
      throw new RpcFault(1010, "Invalid Transaction", "Transaction is outdated");
    },
    pruned: () => {
      throw new RpcFault(4003, "Client error: UnknownBlock: State already discarded for 0x00");
    },
  });
  const rpc = await open(node.url);
  await assert.rejects(rpc.request("refuse"), (error) => {
    fails("rpc", node.url, "refuse")(error);
    assert.equal((error as ChainError).code, 1010);
    assert.match((error as ChainError).message, /Invalid Transaction: Transaction is outdated/);
    return true;
  });
  await assert.rejects(rpc.request("pruned"), fails("missing-state", node.url, "pruned"));
  await assert.rejects(rpc.request("unknown"), fails("rpc", node.url, "unknown"));
  await rpc.close();
});

Deno.test("request() fails when the node goes away, before and after", async () => {
  await using node = startMockNode({
    leave: (_params, session) => {
      session.close();
      return NO_ANSWER;
    },
  });
  const rpc = await open(node.url);
  await assert.rejects(rpc.request("leave"), fails("unreachable", node.url, "leave"));
  assert.equal(rpc.isOpen, false);
  await assert.rejects(rpc.request("more"), fails("unreachable", node.url, "more"));
  await rpc.close();
});

for (
  const [name, text] of [["no JSON", "<html>"], ["a list", "[]"], ["a number", "1"], [
    "null",
    "null",
  ]] as const
) {
  Deno.test(`request() fails and nothing is thrown elsewhere when the node sends ${name}`, async () => {
    await using node = startMockNode({
      babble: (_params, session) => {
        session.sendText(text);
        return NO_ANSWER;
      },
    });
    const rpc = await open(node.url);
    await assert.rejects(rpc.request("babble"), fails("unreachable", node.url, "babble"));
    await rpc.close();
  });
}

Deno.test("request() ignores unsolicited answers and refuses one without result", async () => {
  await using node = startMockNode({
    odd: (_params, session) => {
      session.sendText('{"id":999,"result":1}');
      session.sendText('{"id":"1","result":1}');
      session.sendText('{"method":"x"}');
      session.sendText('{"id":1}');
      return NO_ANSWER;
    },
  });
  const rpc = await open(node.url);
  await assert.rejects(rpc.request("odd"), fails("invalid-answer", node.url, "odd"));
  await rpc.close();
});

Deno.test("notifications whose subscription is not an ID are ignored, and nothing is thrown elsewhere", async () => {
  await using node = startMockNode({
    odd: (_params, session) => {
      for (const id of ['{"toString":1,"valueOf":2}', `${"[".repeat(20_000)}${"]".repeat(20_000)}`, "null"]) {
        session.sendText(`{"method":"x","params":{"subscription":${id},"result":1}}`);
      }
      return 5;
    },
  });
  const rpc = await open(node.url);
  assert.equal(await rpc.request("odd"), 5);
  await rpc.close();
});

Deno.test("close() fails pending requests at once and can be repeated", async () => {
  await using node = startMockNode({ never: () => NO_ANSWER });
  const rpc = await open(node.url);
  const never = assert.rejects(rpc.request("never"), fails("aborted", node.url, "never"));
  await rpc.close();
  await never;
  await rpc.close();
});

Deno.test("the signal fails pending requests", async () => {
  await using node = startMockNode({ never: () => NO_ANSWER });
  const controller = new AbortController();
  const rpc = await open(node.url, controller.signal);
  const never = assert.rejects(rpc.request("never"), fails("aborted", node.url, "never"));
  controller.abort();
  await never;
  await rpc.close();
});

Deno.test("subscribe() delivers notifications in order, those before the answer included", async () => {
  await using node = startMockNode({
    watch: (_params, session) => {
      session.notify("0x01", "early");
      session.notify("other", "of nobody");
      queueMicrotask(() => session.notify("0x01", "late"));
      return "0x01";
    },
    unwatch: () => true,
    sync: (_params, session) => {
      session.notify("0x01", "after the end");
      return null;
    },
  });
  const rpc = await open(node.url);
  const received: unknown[] = [];
  const second = Promise.withResolvers<void>();
  const subscription = await rpc.subscribe("watch", "unwatch", [], {
    onMessage: (result) => {
      if (received.push(result) === 2) second.resolve();
    },
    onEnd: (error) => second.reject(error),
  });
  await second.promise;
  subscription.unsubscribe();
  await rpc.request("sync");
  assert.deepEqual(received, ["early", "late"]);
  assert.deepEqual(node.paramsOf("unwatch"), [["0x01"]]);
  await rpc.close();
});

Deno.test("subscribe() notifies its subscriber once when the connection ends", async () => {
  await using node = startMockNode({
    watch: () => 7,
    leave: (_params, session) => {
      session.close();
      return NO_ANSWER;
    },
  });
  const rpc = await open(node.url);
  const ends: ChainError[] = [];
  await rpc.subscribe("watch", "unwatch", [], { onMessage: () => {}, onEnd: (error) => ends.push(error) });
  await assert.rejects(rpc.request("leave"));
  await rpc.close();
  assert.deepEqual(ends.map(({ kind }) => kind), ["unreachable"]);
});

Deno.test("subscribe() refuses an answer that is not a subscription ID", async () => {
  await using node = startMockNode({ watch: () => null });
  const rpc = await open(node.url);
  await assert.rejects(
    rpc.subscribe("watch", "unwatch", [], { onMessage: () => {}, onEnd: () => {} }),
    fails("invalid-answer", node.url, "watch"),
  );
  await rpc.close();
});
