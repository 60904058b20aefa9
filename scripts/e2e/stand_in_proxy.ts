/**
 * A process in the place of a mining proxy: reads its file at the start and at each SIGHUP, and prints what it then
 * goes by, one JSON object a line. It ends when its input does.
 *
 * Arguments: `ihp` or `braiins`, and the file.
 *
 * @module
 */

import { parseToml } from "../../src/lib/toml.ts";

const [mode, path = ""] = Deno.args;

function load(): void {
  // deno-lint-ignore no-explicit-any -- an operator's file, read by name
  const data = parseToml(Deno.readTextFileSync(path), { source: path }) as any;
  const goes = mode === "ihp"
    ? data.pools.main.find(({ name }: { name: string }) => name === "central-proxy").target_hashrate
    : String(
      data.routing[0].goal.find(({ name }: { name: string }) => name === "InfiniteHashLuxorGoal").hr_weight,
    );
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify({ loaded: goes })}\n`));
}

load();
Deno.addSignalListener("SIGHUP", load);
await Deno.stdin.readable.pipeTo(new WritableStream());
Deno.exit(0);
