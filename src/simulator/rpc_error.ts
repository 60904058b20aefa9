/**
 * JSON-RPC errors with the codes and texts of a real node.
 *
 * @module
 */

/** An error that becomes the `error` member of a JSON-RPC response. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;
  readonly data: string | undefined;

  constructor(code: number, message: string, data?: string) {
    super(message);
    this.code = code;
    this.data = data;
  }

  /** The `error` member. */
  toJSON(): { code: number; message: string; data?: string } {
    const { code, message, data } = this;
    return data === undefined ? { code, message } : { code, message, data };
  }
}

/** -32602: a parameter is missing or of the wrong form. */
export function invalidParams(reason: string): RpcError {
  return new RpcError(-32602, "Invalid params", reason);
}

/** -32601: no such method, or it was switched off. */
export function methodNotFound(): RpcError {
  return new RpcError(-32601, "Method not found");
}

/** 4003: the node cannot answer for this block, with the client's reason. */
export function clientError(reason: string): RpcError {
  return new RpcError(4003, `Client error: ${reason}`);
}
