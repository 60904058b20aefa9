import assert from "node:assert/strict";
import { parseCommand } from "../../src/cli/arguments.ts";
import { UsageError } from "../../src/lib/args.ts";

const logs = { logLevel: "info", logFormat: "json" };

Deno.test("parseCommand() reads a job run with its options in any order", () => {
  assert.deepEqual(parseCommand(["--once", "auction", "my.toml", "--dry-run", "--save-snapshot", "s.json"]), {
    name: "once",
    job: "auction",
    configPath: "my.toml",
    force: false,
    dryRun: true,
    saveSnapshotPath: "s.json",
    ...logs,
  });
  assert.deepEqual(parseCommand(["--force", "--once=commitment", "--log-level", "debug"]), {
    name: "once",
    job: "commitment",
    configPath: undefined,
    force: true,
    dryRun: false,
    saveSnapshotPath: undefined,
    logLevel: "debug",
    logFormat: "json",
  });
});

Deno.test("parseCommand() takes a known subcommand before a file of that name, and ./NAME as the file", () => {
  assert.deepEqual(parseCommand(["replay", "s.json"]), { name: "replay", snapshotPath: "s.json", ...logs });
  assert.deepEqual(parseCommand(["withdraw", "my.toml", "--dry-run"]), {
    name: "once",
    job: "withdraw",
    configPath: "my.toml",
    force: false,
    dryRun: true,
    saveSnapshotPath: undefined,
    ...logs,
  });
  assert.deepEqual(parseCommand(["config", "--json"]), { name: "config", configPath: undefined, json: true });
  assert.deepEqual(parseCommand(["./replay"]), { name: "daemon", configPath: "./replay", ...logs });
});

Deno.test("parseCommand() answers --help and --version before anything else", () => {
  assert.deepEqual(parseCommand(["--once", "auction", "-h"]), { name: "help" });
  assert.deepEqual(parseCommand(["-V"]), { name: "version" });
});

Deno.test("parseCommand() reads the request for an agent's status", () => {
  const status = {
    name: "status",
    configPath: undefined,
    url: undefined,
    watch: false,
    json: false,
  } as const;
  assert.deepEqual(parseCommand(["status"]), status);
  assert.deepEqual(parseCommand(["status", "my.toml", "--watch"]), {
    ...status,
    configPath: "my.toml",
    watch: true,
  });
  assert.deepEqual(parseCommand(["--json", "--url", "a:1", "status"]), { ...status, url: "a:1", json: true });
});

const wrong: [string[], RegExp][] = [
  [["status", "--once", "auction"], /--once cannot be used with status/],
  [["--watch"], /--watch cannot be used with a run without --once/],
  [["--once"], /once/],
  [["--once", "mining"], /--once must be one of auction, commitment; it is "mining"/],
  [["--nonsense"], /--nonsense/],
  [["a.toml", "b.toml"], /unexpected argument "b.toml"/],
  [["--dry-run"], /--dry-run cannot be used with a run without --once/],
  [["--once", "auction", "--force"], /--force cannot be used with --once auction/],
  [["--once", "commitment", "--save-snapshot", "x"], /--save-snapshot cannot be used with --once commitment/],
  [["replay"], /replay needs the snapshot file/],
  [["replay", "s.json", "--once", "auction"], /--once cannot be used with replay/],
  [["withdraw", "a.toml", "b.toml"], /unexpected argument "b.toml"/],
  [["withdraw", "--once", "auction"], /--once cannot be used with withdraw/],
  [["--json"], /--json cannot be used with a run without --once/],
  [["config", "--dry-run"], /--dry-run cannot be used with config/],
  [["--log-level", "loud"], /--log-level must be one of debug, info, warning, error; it is "loud"/],
  [["--log-format", "xml"], /--log-format must be one of json, pretty/],
];
for (const [args, message] of wrong) {
  Deno.test(`parseCommand() refuses ${args.join(" ")}`, () => {
    assert.throws(
      () => parseCommand(args),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

Deno.test("parseCommand() names the command that was meant, unless there is a file of that name", () => {
  const none = (): boolean => false;
  for (
    const [args, meant] of [
      [["stauts"], "status"],
      [["stauts", "--json"], "status"],
      [["chek", "my.toml"], "check"],
      [["withdrawl", "--dry-run"], "withdraw"],
      [["Config"], "config"],
      [["relpay", "s.json"], "replay"],
    ] as const
  ) {
    assert.throws(() => parseCommand(args, none), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(
        error.message,
        new RegExp(`"${args[0]}" is neither a command nor a file; did you mean ${meant}\\?`),
      );
      return true;
    });
  }
  assert.deepEqual(parseCommand(["stauts"], (path) => path === "stauts"), {
    name: "daemon",
    configPath: "stauts",
    ...logs,
  });
  for (const path of ["./stauts", "stauts.toml", "check.toml", "miner", "ihp"]) {
    assert.deepEqual(parseCommand([path], none), { name: "daemon", configPath: path, ...logs });
  }
});

Deno.test("parseCommand() reads a request for advice, from the chain, files or kept windows", () => {
  const advise = {
    name: "advise",
    configPath: undefined,
    snapshotPaths: [],
    windows: undefined,
    json: false,
    ...logs,
  } as const;
  assert.deepEqual(parseCommand(["advise"]), advise);
  assert.deepEqual(parseCommand(["advise", "my.toml", "--from", "a", "--from=b", "--json"]), {
    ...advise,
    configPath: "my.toml",
    snapshotPaths: ["a", "b"],
    json: true,
  });
  assert.deepEqual(parseCommand(["advise", "--windows", "12"]), { ...advise, windows: 12 });
  for (
    const args of [["--windows", "0"], ["--windows", "x"], ["--windows", "2", "--from", "a"], ["--force"]]
  ) {
    assert.throws(() => parseCommand(["advise", ...args]), UsageError);
  }
  assert.throws(() => parseCommand(["--once", "auction", "--from", "a"]), UsageError);
});

Deno.test("parseCommand() reads the answers of init by their options", () => {
  const args = [
    "init",
    "c.toml",
    "--yes",
    "--force",
    "--netuid",
    "42",
    "--proxy",
    "ihp",
    "--original",
    "/opt/aps",
  ];
  assert.deepEqual(parseCommand(args), {
    name: "init",
    configPath: "c.toml",
    yes: true,
    force: true,
    originalPath: "/opt/aps",
    answers: { netuid: "42", proxy: "ihp" },
    ...logs,
  });
  assert.throws(
    () => parseCommand(["init", "--proxy", "nginx"]),
    /--proxy must be one of ihp, braiins, asic, none/,
  );
  assert.throws(() => parseCommand(["init", "--force"]), /--force is for init with --yes/);
  assert.throws(() => parseCommand(["init", "--json"]), UsageError);
  assert.throws(() => parseCommand(["check", "--price", "1"]), UsageError);
});

Deno.test("parseCommand() reads the shell of the completions, which must be one of those there are", () => {
  assert.deepEqual(parseCommand(["completions", "fish"]), { name: "completions", shell: "fish" });
  assert.throws(
    () => parseCommand(["completions"]),
    /the shell must be one of bash, zsh, fish; it is missing/,
  );
  assert.throws(() => parseCommand(["completions", "tcsh"]), UsageError);
});
