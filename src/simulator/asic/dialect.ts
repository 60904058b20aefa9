/**
 * How the firmware of different makers writes the same figures, and how careless firmware writes JSON.
 *
 * @module
 */

/** The firmware whose answers are imitated. */
export type FirmwareDialect =
  | "cgminer"
  | "bmminer"
  | "bosminer"
  /** Too many commas: `"Utility":1.0,}]`, `[,{"Elapsed":`. */
  | "commas"
  /** Too few: `}{`, `"Alive""Priority"`. */
  | "no-commas"
  /** Ratios that are divided by zero: `nan`, `-nan`, `inf`. */
  | "nan";

/** What is the same in all dialects. */
export interface DialectTraits {
  /** `Description` in `STATUS`. */
  readonly description: string;
  /** The members of `VERSION`. */
  readonly version: Readonly<Record<string, string>>;
  /** The hashrates of `SUMMARY`. */
  hashrates(hashratePh: number): Readonly<Record<string, number | string>>;
  /** `Stratum Active` of a pool that is alive, by whether it is mined at. */
  isStratumActive(isCurrent: boolean): boolean;
  /** Members of `SUMMARY` and of each of `POOLS` that have no figure. */
  readonly ratios?: Readonly<Record<string, null>>;
  /** Writes an answer. @default JSON.stringify */
  write?(answer: unknown): string;
}

const CGMINER: DialectTraits = {
  description: "cgminer 4.12.1",
  version: { CGMiner: "4.12.1", API: "3.7" },
  hashrates: (hashratePh) => megahashes(hashratePh, ["av", "5s", "1m", "5m", "15m"]),
  isStratumActive: (isCurrent) => isCurrent,
};

/** As C's `printf()` writes them. */
const NO_FIGURE = ["nan", "-nan", "inf", "-inf"];

/** All dialects. */
export const DIALECTS: Readonly<Record<FirmwareDialect, DialectTraits>> = {
  cgminer: CGMINER,
  // Antminer's: some figures are text, and every pool that is alive is said to be active.
  bmminer: {
    description: "bmminer 1.0.0",
    version: { BMMiner: "2.0.0", API: "3.1", Miner: "49.0.1.3", Type: "Antminer S19" },
    hashrates: (hashratePh) => ({
      "GHS 5s": (hashratePh * 1e6).toFixed(2),
      "GHS av": Number((hashratePh * 1e6).toFixed(2)),
    }),
    isStratumActive: () => true,
  },
  bosminer: {
    description: "BOSminer 0.1.0",
    version: { BOSminer: "0.1.0", API: "3.7" },
    hashrates: (hashratePh) => megahashes(hashratePh, ["15m", "1m", "24h", "5m", "5s", "av"]),
    isStratumActive: (isCurrent) => isCurrent,
  },
  commas: {
    ...CGMINER,
    write: (answer) =>
      replaceOutsideTexts(JSON.stringify(answer), /[[{}\]]/g, (sign) => {
        if (sign === "[") return "[,";
        return sign === "{" ? sign : `,${sign}`;
      }),
  },
  "no-commas": {
    ...CGMINER,
    write: (answer) => replaceOutsideTexts(JSON.stringify(answer), /(?<=[\]}"]),(?=[{["])/g, () => ""),
  },
  nan: {
    ...CGMINER,
    ratios: { Utility: null, "Work Utility": null, "Device Rejected%": null, "Pool Rejected%": null },
    write: (answer) => {
      let count = 0;
      return replaceOutsideTexts(
        JSON.stringify(answer),
        /null/g,
        () => NO_FIGURE[count++ % NO_FIGURE.length]!,
      );
    },
  },
};

/** The names of all dialects. */
export const FIRMWARE_DIALECTS = Object.keys(DIALECTS) as readonly FirmwareDialect[];

function megahashes(hashratePh: number, periods: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    periods.map((period) => [`MHS ${period}`, Number((hashratePh * 1e9).toFixed(2))]),
  );
}

/** Replaces what is not within quotation marks. */
function replaceOutsideTexts(json: string, what: RegExp, replace: (found: string) => string): string {
  return json.replace(
    new RegExp(`"(?:[^"\\\\]|\\\\.)*"|${what.source}`, "g"),
    (found) => found.startsWith('"') ? found : replace(found),
  );
}
