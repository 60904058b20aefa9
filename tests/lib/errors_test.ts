import assert from "node:assert/strict";
import { fetchFailure } from "../../src/lib/errors.ts";

Deno.test("fetchFailure() returns the same text each time, without the URL", async () => {
  // Closes every connection without a response.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closing = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1024));
      connection.close();
    }
  })();
  const url = `http://127.0.0.1:${listener.addr.port}/secret`;
  const failures = new Set<string>();
  for (let times = 0; times < 3; times++) {
    await assert.rejects(fetch(url), (error) => {
      assert.match((error as Error).message, /secret/);
      failures.add(fetchFailure(error));
      return true;
    });
  }
  listener.close();
  await closing;
  const [failure] = failures;
  assert.equal(failures.size, 1, [...failures].join("\n"));
  assert.doesNotMatch(failure!, /secret|127\.0\.0\.1/);
});

Deno.test("fetchFailure() removes the local port from the runtime's messages", () => {
  const message = "error sending request from 127.0.0.1:47988 for http://h/: it broke";
  assert.equal(fetchFailure(new TypeError(message)), "error sending request for http://h/: it broke");
  const other = "error sending request from [::1]:47988 for http://h/: it broke";
  assert.equal(fetchFailure(new TypeError(other)), "error sending request for http://h/: it broke");
  assert.equal(fetchFailure("something else"), "something else");
});
