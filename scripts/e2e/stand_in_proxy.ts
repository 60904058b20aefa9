/**
 * A process that stands in for a mining proxy: reads its file at the start and at each SIGHUP, and prints the target it
 * found as a JSON line. Ends when its stdin ends.
 *
 * Arguments: `ihp` or `braiins`, and the file.
 *
 * @module
 */

import { parseToml } from "../../src/lib/toml.ts";
import { say } from "../command_line.ts";

const [mode, path = ""] = Deno.args;

function load(): void {
  // deno-lint-ignore no-explicit-any -- an operator's file, read by name
  const data = parseToml(Deno.readTextFileSync(path), { source: path }) as any;
  const target = mode === "ihp"
    ? data.pools.main.find(({ name }: { name: string }) => name === "central-proxy").target_hashrate
    : String(
      data.routing[0].goal.find(({ name }: { name: string }) => name === "InfiniteHashLuxorGoal").hr_weight,
    );
  say(JSON.stringify({ loaded: target }));
}

load();
Deno.addSignalListener("SIGHUP", load);
await Deno.stdin.readable.pipeTo(new WritableStream());
Deno.exit(0);
