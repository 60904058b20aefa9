/**
 * Hashrates as the proxies' files need them. Both formats are defined as sums of doubles, as existing tools compute them, so
 * that a proxy's file does not alternate between two spellings (spec, section 6).
 *
 * @module
 */

/**
 * The sum of sizes in PH/s, as doubles, in order. Text that is not a decimal counts as 0, as in the reference
 * (`vectors/proxy-braiins.json`); the auction's own sizes are always decimals.
 */
export function sumSizesPh(sizes: readonly string[]): number {
  let sumPh = 0;
  for (const size of sizes) {
    if (/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(size)) sumPh += Number(size);
  }
  return sumPh;
}

/**
 * Formats a hashrate in TH/s as C's `%.3f`, without trailing zeros and dot: `"300"`, `"0.188"`.
 *
 * @param hashrateTh TH/s, below 1e21
 */
export function formatTerahash(hashrateTh: number): string {
  return toFixed3(hashrateTh).replace(/\.?0+$/, "");
}

/** C's `%.3f`: `toFixed` is exact too, but rounds ties away from zero, while C rounds them to even. */
function toFixed3(value: number): string {
  // A tie has the decimal part xxx5 and is a double, so it is an odd multiple of 1/16.
  if (Math.abs(value * 16) % 2 !== 1) return value.toFixed(3);
  const tenThousandths = BigInt(value.toFixed(4).replace(".", ""));
  const below = tenThousandths / 10n;
  return (Number(below + below % 2n) / 1000).toFixed(3);
}
