/**
 * What `ih-miner init` asks, as data: each answer, its option, its words, and the key that it sets.
 *
 * @module
 */

import type { OptionName, ProxyKind } from "../commands.ts";

/** All answers by name, as text. */
export interface AllAnswers {
  /** A name, a URL, or several of them with commas in between. */
  readonly network: string;
  readonly netuid: string;
  readonly walletDir: string;
  readonly walletName: string;
  readonly hotkeyName: string;
  readonly price: string;
  /** `0.45x10,0.25x4`. */
  readonly sizes: string;
  readonly proxy: ProxyKind;
  readonly proxyFile: string;
  readonly poolName: string;
  /** The subnet's pool for a first proxy file, `HOST:PORT`. */
  readonly subnetPool: string;
  /** The owner's own pool for a first proxy file, `[USER@]HOST:PORT`. */
  readonly ownPool: string;
  /** `192.168.1.21=0.2,192.168.1.22=0.1`. */
  readonly asics: string;
}

export type AnswerName = keyof AllAnswers;
/** The answers so far. */
export type Answers = Partial<AllAnswers>;

/** What a question is about. */
export interface Question {
  readonly option: OptionName;
  readonly message: string;
  /** What is meant when nothing is said; `null`: it must be said. */
  readonly fallback: string | null;
  /** The keys of the configuration that it sets, as the errors of `src/config` name them. */
  readonly keys: readonly string[];
}

/** The questions, in the order in which they are asked. */
export const QUESTIONS: Readonly<Record<AnswerName, Question>> = {
  network: {
    option: "network",
    message: "Network: finney, test, or the ws:// or wss:// URL of a node (several with commas)",
    fallback: "finney",
    keys: ["[bittensor] network"],
  },
  netuid: { option: "netuid", message: "Subnet (netuid)", fallback: "89", keys: ["[bittensor] netuid"] },
  walletDir: {
    option: "wallet-dir",
    message: "Folder of the wallets",
    fallback: "~/.bittensor/wallets",
    keys: ["[wallet] directory"],
  },
  walletName: {
    option: "wallet-name",
    message: "Wallet",
    fallback: null,
    keys: ["[wallet] name"],
  },
  hotkeyName: {
    option: "hotkey-name",
    message: "Hotkey",
    fallback: null,
    keys: ["[wallet] hotkey_name"],
  },
  price: {
    option: "price",
    message: "Price of your hashrate, as a multiple of the hashprice",
    fallback: "1.05",
    keys: ["[workers] price_multiplier"],
  },
  sizes: {
    option: "sizes",
    message: "Workers you offer, as PH/s x count: 0.45x10,0.25x4",
    fallback: null,
    keys: ["[workers]"],
  },
  proxy: {
    option: "proxy",
    message: "What routes the hashrate of your machines?",
    fallback: null,
    keys: [],
  },
  proxyFile: {
    option: "proxy-file",
    message: "Its file",
    fallback: null,
    keys: ["[routing]"],
  },
  poolName: {
    option: "pool-name",
    message: "The pool in it that mines for the subnet",
    fallback: null,
    keys: ["[routing] subnet_pool_name"],
  },
  subnetPool: {
    option: "subnet-pool",
    message: "Address of the subnet's pool, HOST:PORT",
    fallback: null,
    keys: [],
  },
  ownPool: {
    option: "own-pool",
    message: "Your own pool, which gets the rest, HOST:PORT or USER@HOST:PORT",
    fallback: null,
    keys: [],
  },
  asics: {
    option: "asics",
    message: "Machines, as ADDRESS=PH/s: 192.168.1.21=0.2,192.168.1.22=0.1",
    fallback: null,
    keys: ["[asic]"],
  },
};

/** An answer is not in the form that the question asks for; the message says which form that is. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";

  constructor(readonly answer: AnswerName, message: string) {
    super(message);
  }
}

/** A pool's address. */
export interface PoolAddress {
  /** `null` if none is given. */
  readonly user: string | null;
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `[USER@]HOST:PORT`.
 *
 * @throws {AnswerError}
 */
export function parsePool(answer: "subnetPool" | "ownPool", text: string): PoolAddress {
  const form = answer === "ownPool" ? "[USER@]HOST:PORT" : "HOST:PORT";
  const match = /^(?:([^\s@/"\\]+)@)?([\p{L}\p{N}.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/u.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535 || (answer === "subnetPool" && match[1] !== undefined)) {
    throw new AnswerError(answer, `must be ${form}, such as pool.example.org:3333`);
  }
  return { user: match[1] ?? null, host: match[2]!, port };
}

/**
 * Reads `KEY SEPARATOR VALUE` pairs with commas in between.
 *
 * @throws {AnswerError} when a part has another form, or a key occurs twice.
 */
export function parsePairs(
  answer: "sizes" | "asics",
  text: string,
): (readonly [key: string, value: string])[] {
  const [separator, example] = answer === "sizes"
    ? [/\s*[x×*]\s*/i, "0.45x10,0.25x4"]
    : [/\s*=\s*/, "192.168.1.21=0.2,192.168.1.22=0.1"];
  const seen = new Set<string>();
  return text.split(",").map((part) => {
    const [key = "", value = "", ...surplus] = part.trim().split(separator);
    if (key === "" || value === "" || surplus.length > 0) {
      throw new AnswerError(answer, `must be written like ${example}`);
    }
    if (seen.has(key)) throw new AnswerError(answer, `names ${key} twice`);
    seen.add(key);
    return [key, value];
  });
}
