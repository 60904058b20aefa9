/** Serves the status of a fake agent at the port in the first argument, in a process of its own, until stdin ends. */

import { FakeAgent } from "./fake_agent.ts";

await using agent = new FakeAgent();
await agent.readSettings(`[http]\nlisten = "127.0.0.1:${Deno.args[0]}"\n`);
await Deno.stdin.readable.pipeTo(new WritableStream());
