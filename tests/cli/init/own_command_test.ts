import assert from "node:assert/strict";
import { join } from "node:path";
import { ownCommand } from "../../../src/cli/init/own_command.ts";

Deno.test("ownCommand() is the name where PATH leads to the running file, and else the file's path", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-command-" });
  try {
    const [file, other] = [join(folder, "a file", "ih-miner"), join(folder, "other", "ih-miner")];
    for (const each of [file, other]) {
      await Deno.mkdir(join(each, ".."));
      await Deno.writeTextFile(each, "", { mode: 0o755 });
    }
    await Deno.mkdir(join(folder, "bin"));
    await Deno.symlink(file, join(folder, "bin", "ih-miner"));
    assert.equal(await ownCommand(`/nowhere:${join(folder, "bin")}`, file), "ih-miner");
    assert.equal(await ownCommand("", file), `'${file}'`);
    assert.equal(await ownCommand(join(folder, "bin"), other), other, "another one is installed");
    assert.equal(await ownCommand("", null), "ih-miner");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
