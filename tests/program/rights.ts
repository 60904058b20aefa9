/**
 * What the one-file program touches, seen from outside: by Deno's own audit, and by strace.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ENVIRONMENT_NAMES } from "../../src/config/environment.ts";
import type { Program, RunOptions, Stage } from "./stage.ts";

/** What the configuration names beside the chain and the rig's folder. */
export interface Configured {
  /** `127.0.0.1:port` of each. */
  readonly hosts?: readonly string[];
  /** Likewise, to listen on. */
  readonly listen?: string;
  readonly programs?: readonly string[];
}

/** A way to see what a program touches. */
export interface Watch {
  /** How the program has to be run. */
  readonly options: RunOptions;
  /** Looks at what was seen, once the program has ended. */
  check(configured?: Configured): Promise<void>;
}

const STRACE = "/usr/bin/strace";
const hasStrace = await new Deno.Command(STRACE, { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

/**
 * Whether a program can be watched here. Each form can in one way: the compiled base knows no audit, and a script needs
 * its tools, which strace would see, too.
 */
export function isWatchable({ isScript }: Program): boolean {
  return isScript || hasStrace;
}

/** Watches the program of a stage; where that cannot be done, sees nothing. */
export function watch(stage: Stage): Watch {
  if (!isWatchable(stage.program)) return { options: {}, check: () => Promise.resolve() };
  if (stage.program.isScript) {
    return {
      options: { env: { DENO_AUDIT_PERMISSIONS: auditPath(stage) } },
      check: (configured = {}) => checkAudit(stage, configured),
    };
  }
  return {
    // With -D it is the program that is our child, and strace ends with it.
    options: { under: [STRACE, "-D", "-f", "-qq", "-o", tracePath(stage), "-e", "trace=%file,connect"] },
    check: (configured = {}) => checkTrace(stage, configured),
  };
}

/** It used documented rights for what is configured. */
async function checkAudit(stage: Stage, configured: Configured): Promise<void> {
  const used = (await Deno.readTextFile(auditPath(stage))).trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(used.some(({ permission }) => permission === "net"));
  for (const { permission, value } of used) {
    // Without a value: a worker's rights are derived from the whole.
    const isDerived = value === null && ["net", "read", "write"].includes(permission);
    const isFine = isDerived || isDocumented(permission, String(value), stage, configured);
    assert.ok(isFine, `${permission} ${value}`);
  }
}

/** No other file, and no other host. */
async function checkTrace(stage: Stage, { hosts = [], programs = [] }: Configured): Promise<void> {
  const text = await Deno.readTextFile(tracePath(stage));
  const calls = text.split("\n").filter((line) => !line.includes("ENOENT"));
  const paths = calls.flatMap((line) => /^\d+ +\w+\((?:[\w-]+, )?"([^"]+)"/.exec(line)?.[1] ?? []);
  assert.ok(paths.includes(stage.rig.configPath));
  // The operator's programs are scripts here.
  const shell = programs.length > 0 ? ["/bin/sh"] : [];
  for (const path of paths) {
    const isFine = isOurs(path, stage) || isSystems(path, stage.program.path) || shell.includes(path);
    assert.ok(isFine, path);
  }
  const reached = calls.filter((line) => line.includes("connect(")).map((line) => {
    const [, port, address] = /sin6?_port=htons\((\d+)\).*?"([^"]+)"/.exec(line) ?? [];
    return port === undefined ? line : `${address}:${port}`;
  });
  assert.deepEqual([...new Set(reached)].sort(), [new URL(stage.simulator.url).host, ...hosts].sort());
}

function auditPath({ rig }: Stage): string {
  return join(rig.folder, "audit.jsonl");
}

function tracePath({ rig }: Stage): string {
  return join(rig.folder, "strace");
}

function isDocumented(permission: string, value: string, stage: Stage, configured: Configured): boolean {
  const { hosts = [], listen, programs = [] } = configured;
  switch (permission) {
    case "env":
      return (ENVIRONMENT_NAMES as readonly string[]).includes(value);
    case "net": {
      const host = URL.canParse(value) && value.includes("//") ? new URL(value).host : value;
      return [new URL(stage.simulator.url).host, ...hosts, listen].includes(host);
    }
    case "read":
    case "write":
      return isOurs(value.replace(/^file:\/\//, ""), stage);
    case "run":
      return programs.includes(value);
    case "sys":
      return value === "setPriority" && programs.length > 0;
    default:
      return false;
  }
}

/** The operator's files, and the private folders of jobs. */
function isOurs(path: string, { rig, empty, cache }: Stage): boolean {
  const folders = [rig.folder, empty, cache];
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`)) ||
    /^\/tmp(\/ih-miner-[0-9a-f]+(\/[\w.]+)?)?$/.test(path) || rig.folder.startsWith(`${path}/`) ||
    // Relative to a job's folder.
    /^(alive|(\.\/)*auction\.\w+)$/.test(path);
}

/** What the C library and V8 look at before the program begins. */
function isSystems(path: string, program: string): boolean {
  return path === program ||
    /^\/(lib|lib64|usr\/lib|usr\/share\/(locale|zoneinfo)|proc|sys\/fs\/cgroup|sys\/devices\/system\/cpu)(\/|$)/
      .test(path) ||
    ["/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/dev/urandom", "/dev/null", "."].includes(
      path,
    );
}
