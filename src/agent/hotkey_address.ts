/**
 * The hotkey's address, looked up again only when its file changed.
 *
 * @module
 */

/** Remembers the address that a hotkey file gave. */
export class HotkeyAddressCache {
  #key = "";
  #address = "";

  /**
   * The SS58 address of a file.
   *
   * @param read finds the address in the file; what it throws is passed on and not remembered.
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

/** What changes when a file is written or replaced; `null` when it cannot be looked at. */
async function fileKey(path: string): Promise<string | null> {
  try {
    const { ino, size, mtime, ctime } = await Deno.stat(path);
    return JSON.stringify([path, ino, size, mtime, ctime]);
  } catch {
    return null;
  }
}
