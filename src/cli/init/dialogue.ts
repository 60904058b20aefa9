/**
 * Collects the answers of `ih-miner init`: from options, from what there is, and from a terminal if there is one.
 *
 * @module
 */

import { resolve } from "node:path";
import { type OptionName, OPTIONS, PROXY_KINDS, type ProxyKind } from "../commands.ts";
import { type AllAnswers, type AnswerName, type Answers, QUESTIONS } from "./answers.ts";
import type { Prompter } from "./prompter.ts";
import { hasProxyFile, type Host, hotkeysFor, isUsualPool, poolsFor, problemWith } from "./rules.ts";
import { DEFAULT_SUBNET_POOL_NAME } from "../../delivery/proxies/ihp.ts";

/** What is known before anything is asked. */
export interface Known {
  /** By options. Taken as they are, if they are right. */
  readonly given: Answers;
  /** By an installation that is taken over. Proposed where somebody can be asked. */
  readonly proposed: Answers;
}

/** The options that are missing or wrong, one line each. */
export interface Refusal {
  /** As they are typed, `--sizes LIST`. */
  readonly missing: readonly string[];
  readonly wrong: readonly string[];
}

const NAMES = Object.keys(QUESTIONS) as AnswerName[];

const PROXY_LABELS: Readonly<Record<AllAnswers["proxy"], string>> = {
  ihp: "InfiniteHash Proxy (pools.toml)",
  braiins: "Braiins Farm Proxy (active_profile.toml)",
  asic: "no proxy: the agent switches the machines itself",
  none: "nothing yet: the agent only bids and computes auctions",
};

/** Takes the answers from what is known. Asks nobody, so that what is missing cannot be had. */
export async function answersUnattended(known: Known, host: Host): Promise<Answers | Refusal> {
  const missing: string[] = [];
  const wrong: string[] = [];
  const answers: Answers = {};
  for (const name of NAMES) {
    if (!await applies(name, answers, host)) continue;
    const value = known.given[name] ?? known.proposed[name] ?? await fallbackOf(name, answers, host);
    if (value === null) {
      missing.push(optionOf(name));
      continue;
    }
    const problem = await accept(answers, name, value, host);
    if (problem !== null) wrong.push(`--${QUESTIONS[name].option} ${value}: ${problem}`);
  }
  wrong.push(...unusedOptions(known.given, answers));
  return missing.length + wrong.length === 0 ? answers : { missing, wrong };
}

/** Asks for what is not given, and again for what is wrong. */
export async function answersFrom(prompter: Prompter, known: Known, host: Host): Promise<Answers> {
  const answers: Answers = {};
  for (const name of NAMES) {
    if (!await applies(name, answers, host)) continue;
    const given = known.given[name];
    if (given !== undefined) {
      const problem = await accept(answers, name, given, host);
      if (problem === null) continue;
      prompter.warn(`--${QUESTIONS[name].option} ${given}: ${problem}`);
    }
    await ask(prompter, name, answers, known, host);
  }
  for (const unused of unusedOptions(known.given, answers)) prompter.warn(unused);
  return answers;
}

/** The answers that only some kinds of routing use. */
const USED_WITH: Readonly<Partial<Record<AnswerName, readonly ProxyKind[]>>> = {
  proxyFile: ["ihp", "braiins"],
  poolName: ["ihp"],
  subnetPool: ["ihp", "braiins"],
  ownPool: ["ihp", "braiins"],
  asics: ["asic"],
};

/** Says of given answers that they are not used with the chosen kind of routing. */
function unusedOptions(given: Answers, { proxy }: Answers): string[] {
  if (proxy === undefined) return [];
  return NAMES.filter((name) => given[name] !== undefined && USED_WITH[name]?.includes(proxy) === false)
    .map((name) => `--${QUESTIONS[name].option} is not used with --proxy ${proxy}`);
}

async function ask(
  prompter: Prompter,
  name: AnswerName,
  answers: Answers,
  known: Known,
  host: Host,
): Promise<void> {
  const proposed = known.proposed[name] ?? await fallbackOf(name, answers, host) ?? undefined;
  for (;;) {
    const labels = await choicesFor(name, answers, host);
    const options = labels.map(([value, label]) => ({ value, label }));
    const { message } = QUESTIONS[name];
    const initial = options.some(({ value }) => value === proposed) ? proposed : options[0]?.value;
    const value = options.length > 0
      ? await prompter.choose({ message, options, initial })
      : await prompter.text({
        message,
        initial: proposed ?? "",
        check: (text) => accept({ ...answers }, name, text, host),
      });
    const problem = await accept(answers, name, value, host);
    if (problem !== null) {
      prompter.warn(problem);
      continue;
    }
    if (name !== "proxyFile" || await hasProxyFile(answers, host)) return;
    if (known.given.subnetPool !== undefined) return;
    if (await prompter.confirm(`There is no ${answers.proxyFile} yet. Write a first one?`, true)) return;
    delete (answers as { proxyFile?: string }).proxyFile;
  }
}

/** Adds an answer, if nothing is wrong with it; else says what is. */
async function accept(
  answers: Answers,
  name: AnswerName,
  text: string,
  host: Host,
): Promise<string | null> {
  const value = normal(name, text);
  const problem = value === "" ? "is empty" : await problemWith(name, { ...answers, [name]: value }, host);
  if (problem === null) Object.assign(answers, { [name]: value });
  return problem;
}

/** Paths are made absolute: the service starts in another folder. `~` for the home folder stays. */
function normal(name: AnswerName, text: string): string {
  const value = text.trim();
  const isPath = name === "walletDir" || name === "proxyFile";
  const isOfHome = value === "~" || value.startsWith("~/");
  return isPath && value !== "" && !isOfHome && !value.includes("://") ? resolve(value) : value;
}

async function applies(name: AnswerName, answers: Answers, host: Host): Promise<boolean> {
  const { proxy, proxyFile } = answers;
  switch (name) {
    // Of a wrong folder or wallet, only that is worth saying.
    case "walletName":
      return answers.walletDir !== undefined;
    case "hotkeyName":
      return answers.walletName !== undefined;
    case "proxyFile":
      return proxy === "ihp" || proxy === "braiins";
    case "poolName":
      return proxy === "ihp" && proxyFile !== undefined;
    case "subnetPool":
    case "ownPool":
      return proxyFile !== undefined && !await hasProxyFile(answers, host);
    case "asics":
      return proxy === "asic";
    default:
      return true;
  }
}

/** What is meant when nothing is said; `null`: it must be said. */
async function fallbackOf(name: AnswerName, answers: Answers, host: Host): Promise<string | null> {
  switch (name) {
    case "walletName":
      return only((await hotkeysFor(answers, host)).map(({ wallet }) => wallet));
    case "hotkeyName":
      return only(await hotkeysOf(answers, host));
    case "poolName": {
      const names = await poolsFor(answers, host);
      return names.length === 0 ? DEFAULT_SUBNET_POOL_NAME : names.find(isUsualPool) ?? null;
    }
    default:
      return QUESTIONS[name].fallback;
  }
}

/** The values to choose from, with their labels; none for free text. */
async function choicesFor(
  name: AnswerName,
  answers: Answers,
  host: Host,
): Promise<(readonly [value: string, label: string])[]> {
  const asThey = (values: readonly string[]) => [...new Set(values)].map((value) => [value, value] as const);
  switch (name) {
    case "walletName":
      return asThey((await hotkeysFor(answers, host)).map(({ wallet }) => wallet));
    case "hotkeyName":
      return asThey(await hotkeysOf(answers, host));
    case "proxy":
      return PROXY_KINDS.map((kind) => [kind, PROXY_LABELS[kind]] as const);
    case "poolName":
      return asThey(await poolsFor(answers, host));
    default:
      return [];
  }
}

async function hotkeysOf(answers: Answers, host: Host): Promise<string[]> {
  return (await hotkeysFor(answers, host)).filter(({ wallet }) => wallet === answers.walletName)
    .map(({ hotkey }) => hotkey);
}

function only(values: readonly string[]): string | null {
  const [value, ...others] = new Set(values);
  return others.length > 0 ? null : value ?? null;
}

function optionOf(name: AnswerName): string {
  const { option }: { readonly option: OptionName } = QUESTIONS[name];
  return `--${option} ${OPTIONS[option].value}`;
}
