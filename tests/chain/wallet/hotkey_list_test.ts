import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import {
  describeHotkeysBeside,
  listHotkeys,
  refuseMissingHotkey,
} from "../../../src/chain/wallet/hotkey_list.ts";
import { WalletError } from "../../../src/chain/wallet/errors.ts";

async function withWallets(
  paths: readonly string[],
  run: (directory: string) => void | Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ih-miner-wallets-" });
  try {
    for (const path of paths) {
      await Deno.mkdir(dirname(join(directory, path)), { recursive: true });
      await Deno.writeTextFile(join(directory, path), "{}");
    }
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("listHotkeys() names the key files of all wallets, in order, and nothing else", async () => {
  const paths = [
    "farm/hotkeys/rig-2",
    "farm/hotkeys/rig-1",
    "farm/hotkeys/rig-1pub.txt",
    "farm/hotkeys/.rig-3.swp",
    "farm/coldkeypub.txt",
    "default/hotkeys/default",
    "cold/coldkey",
    "README",
  ];
  await withWallets(paths, (directory) => {
    assert.deepEqual(listHotkeys(directory), [
      { wallet: "default", hotkey: "default" },
      { wallet: "farm", hotkey: "rig-1" },
      { wallet: "farm", hotkey: "rig-2" },
    ]);
  });
});

Deno.test("a missing hotkey is refused with the names of those that are there", async () => {
  await withWallets(["farm/hotkeys/rig-1"], (directory) => {
    refuseMissingHotkey(join(directory, "farm/hotkeys/rig-1"));
    assert.throws(
      () => refuseMissingHotkey(join(directory, "farm/hotkeys/rig-l")),
      (error) =>
        error instanceof WalletError && error.kind === "missing" &&
        error.message.endsWith(`hotkey_name; ${directory} has these hotkeys (wallet/hotkey): farm/rig-1`),
    );
  });
});

Deno.test("describeHotkeysBeside() tells an empty folder from a missing one, and cuts a long list", async () => {
  const many = Array.from({ length: 15 }, (_, i) => `w/hotkeys/k${String(i).padStart(2, "0")}`);
  await withWallets(many, (directory) => {
    assert.match(describeHotkeysBeside(join(directory, "w/hotkeys/x")), / w\/k10, w\/k11 and 3 more$/);
    const empty = join(directory, "w");
    assert.equal(describeHotkeysBeside(join(empty, "a/hotkeys/b")), `${empty} has no hotkeys`);
    const nowhere = join(directory, "nowhere");
    assert.equal(describeHotkeysBeside(join(nowhere, "a/hotkeys/b")), `there is no folder ${nowhere}`);
  });
});

Deno.test({
  name: "describeHotkeysBeside() names the folder of hotkeys that this user may not list" +
    (Deno.uid() === 0 ? " (skipped: nothing is closed to root)" : ""),
  ignore: Deno.uid() === 0,
  fn: () =>
    withWallets(["a/coldkeypub.txt", "w/hotkeys/k"], async (directory) => {
      const closed = join(directory, "w/hotkeys");
      await Deno.chmod(closed, 0o000);
      const said = describeHotkeysBeside(join(directory, "w/hotkeys/x"));
      await Deno.chmod(closed, 0o700);
      assert.equal(said, `this user may not list ${closed}`);
    }),
});
