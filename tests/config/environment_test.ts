import assert from "node:assert/strict";
import {
  expandHome,
  isSwitchedOn,
  keepLoopbackDirect,
  readEnvironment,
} from "../../src/config/environment.ts";

Deno.test("readEnvironment() leaves out blank and unknown variables", () => {
  const values: Record<string, string> = { HOME: "/h", APS_MINER_PROXY_MODE: "  ", SECRET: "s" };
  assert.deepEqual(readEnvironment((name) => values[name]), { HOME: "/h" });
});

Deno.test("expandHome() expands a leading ~ only", () => {
  const environment = { HOME: "/home/op" };
  assert.equal(expandHome("~/.bittensor/wallets", environment), "/home/op/.bittensor/wallets");
  assert.equal(expandHome("~", environment), "/home/op");
  assert.equal(expandHome("/a/~/b", environment), "/a/~/b");
  assert.equal(expandHome("~other/x", environment), "~other/x");
});

Deno.test("isSwitchedOn() accepts 1, true, yes and on, in any case, trimmed", () => {
  for (const text of ["1", "TRUE", " yes ", "On"]) assert.equal(isSwitchedOn(text), true, text);
  for (const text of [undefined, "", "0", "2", "no", "y"]) {
    assert.equal(isSwitchedOn(text), false, String(text));
  }
});

Deno.test("keepLoopbackDirect() adds this machine to NO_PROXY", () => {
  const after = (variables: Record<string, string>): string | undefined => {
    const set = { ...variables };
    keepLoopbackDirect({ get: (name) => set[name], set: (name, value) => set[name] = value });
    return set["NO_PROXY"];
  };
  assert.equal(after({}), "127.0.0.1,::1,localhost");
  assert.equal(after({ NO_PROXY: "10.0.0.0/8", no_proxy: "x" }), "10.0.0.0/8,127.0.0.1,::1,localhost");
  assert.equal(after({ no_proxy: ".lan" }), ".lan,127.0.0.1,::1,localhost");
});
