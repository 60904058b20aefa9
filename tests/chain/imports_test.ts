import assert from "node:assert/strict";

for (
  const path of ["chain/networks.ts", "chain/errors.ts", "chain/json_rpc.ts", "chain/wallet/hotkey_file.ts"]
) {
  Deno.test(`src/${path} loads without the codec library`, async () => {
    const { stdout, success } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", new URL(`../../src/${path}`, import.meta.url).pathname],
    }).output();
    assert.equal(success, true);
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: { specifier: string }[] };
    // `deno info` succeeds for a file that does not exist, and reports it as a module with an error.
    assert.ok(modules.length > 0 && !modules.some((module) => "error" in module));
    assert.deepEqual(modules.filter(({ specifier }) => !specifier.startsWith("file:")), []);
  });
}
