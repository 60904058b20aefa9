/**
 * Parameters of JSON-RPC calls: by position or by name, missing or `null`, hex with or without `0x`.
 *
 * @module
 */

import { isHex } from "@polkadot/util";
import { invalidParams } from "./rpc_error.ts";

/** A parameter's names: the one of the Substrate interface first, then what other clients send. */
export type ParamNames = readonly string[];

/** The parameters of one call, in the order of the method's signature. */
export class Params {
  readonly #names: readonly ParamNames[];
  readonly #values: readonly unknown[];

  /**
   * @param params the `params` member: a list, an object, or nothing.
   * @throws {RpcError} -32602 when it is something else, or has more values than the method.
   */
  constructor(names: readonly ParamNames[], params: unknown) {
    this.#names = names;
    if (params === undefined || params === null) {
      this.#values = [];
    } else if (Array.isArray(params)) {
      if (params.length > names.length) {
        throw invalidParams(`expected at most ${names.length}, got ${params.length}`);
      }
      this.#values = params;
    } else if (typeof params === "object") {
      const given = new Map(Object.entries(params));
      this.#values = names.map((aliases) => {
        const name = aliases.find((alias) => given.has(alias));
        return name === undefined ? undefined : given.get(name);
      });
    } else {
      throw invalidParams("params must be a list or an object");
    }
  }

  /** A value that may be missing: `undefined` when it is missing or `null`. */
  optional(index: number): unknown {
    return this.#values[index] ?? undefined;
  }

  /** Hex bytes. @returns lowercase, without `0x`. @throws {RpcError} -32602 */
  hex(index: number): string {
    const text = this.optionalHex(index);
    if (text === undefined) throw invalidParams(`missing ${this.#name(index)}`);
    return text;
  }

  /** Hex bytes or nothing; an empty string is nothing. @throws {RpcError} -32602 */
  optionalHex(index: number): string | undefined {
    const value = this.optional(index);
    if (value === undefined || value === "") return undefined;
    return hexValue(value, this.#name(index));
  }

  /** A list of hex bytes. @throws {RpcError} -32602 */
  hexList(index: number): string[] {
    const value = this.optional(index);
    if (!Array.isArray(value)) throw invalidParams(`${this.#name(index)} must be a list`);
    return value.map((item) => hexValue(item, this.#name(index)));
  }

  /** A block hash or nothing. @returns `0x` hex. @throws {RpcError} -32602 */
  optionalHash(index: number): string | undefined {
    const value = this.optionalHex(index);
    if (value === undefined) return undefined;
    if (value.length !== 64) throw invalidParams(`${this.#name(index)} must be 32 bytes`);
    return `0x${value}`;
  }

  /** A whole number from 0. @throws {RpcError} -32602 */
  count(index: number): number {
    return wholeNumber(this.optional(index), this.#name(index));
  }

  /** Text. @throws {RpcError} -32602 */
  text(index: number): string {
    const value = this.optional(index);
    if (typeof value !== "string") throw invalidParams(`${this.#name(index)} must be text`);
    return value;
  }

  #name(index: number): string {
    return this.#names[index]?.[0] ?? `parameter ${index}`;
  }
}

/** A block number: a number, or hex text. @throws {RpcError} -32602 */
export function wholeNumber(value: unknown, name: string): number {
  const number = typeof value === "string" && /^(0x[0-9a-f]+|\d+)$/i.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) {
    throw invalidParams(`${name} must be a whole number`);
  }
  return number;
}

function hexValue(value: unknown, name: string): string {
  if (typeof value !== "string") throw invalidParams(`${name} must be hex`);
  const text = value.startsWith("0x") ? value : `0x${value}`;
  if (!isHex(text)) {
    throw invalidParams(`${name} must be whole bytes as hex`);
  }
  return text.slice(2).toLowerCase();
}
