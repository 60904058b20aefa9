/**
 * The hotkey's address, looked up again only when its file has changed.
 *
 * @module
 */

/** Caches the address in a hotkey file. */
export class HotkeyAddressCache {
  #key = "";
  #address = "";

  /**
   * Returns the SS58 address in a file.
   *
   * @param read reads the address from the file. Its errors are passed on and not cached.
   */
  async addressOf(path: string, read: () => Promise<string>): Promise<string> {
    const key = await fileKey(path);
    if (key === null || key !== this.#key) {
      this.#address = await read();
      this.#key = key ?? "";
    }
    return this.#address;
  }
}

/** A key that changes when the file is written or replaced; `null` if its status cannot be read. */
async function fileKey(path: string): Promise<string | null> {
  try {
    const { ino, size, mtime, ctime } = await Deno.stat(path);
    return JSON.stringify([path, ino, size, mtime, ctime]);
  } catch {
    return null;
  }
}
