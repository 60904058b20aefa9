/**
 * Won against lost hashrate over the last windows, as an SVG that needs nothing but its style.
 *
 * Across, everything is in per cent, so that the chart fills any width and its text keeps its size.
 *
 * @module
 */

import { clockTime, formatBlock, formatHashrate, trimmed } from "./format.ts";
import { type Html, html } from "./html.ts";
import type { WindowSummary } from "./status_report.ts";

/** Windows there is room for: six hours. */
const MAX_BARS = 30;
/** Of fewer windows the left side stays empty, so that the newest is always at the right. */
const MIN_BARS = 10;
/** Every so manieth bar has its time below it, counted from the newest. */
const LABELLED = 5;
/** Of a bar's place. */
const BAR_SHARE = 0.72;
/** In pixels; the style knows them as well. */
const PLOT_HEIGHT = 160;
const LABEL_HEIGHT = 22;

/** Draws the chart. */
export function hashrateChart(history: readonly WindowSummary[]): Html {
  const shown = history.slice(-MAX_BARS);
  const top = niceCeiling(
    Math.max(...shown.map(({ wonHashratePh, lostHashratePh }) => wonHashratePh + lostHashratePh), 0),
  );
  const y = (hashratePh: number): number => PLOT_HEIGHT * (1 - hashratePh / top);
  const bars = Math.max(shown.length, MIN_BARS);
  const step = 100 / bars;
  const x = (i: number): number => (bars - shown.length + i) * step;
  const ticks = [top, top / 2, 0];
  const labelled = shown.flatMap((window, i) =>
    (shown.length - 1 - i) % LABELLED === 0 ? [timeLabel(window, x(i) + step / 2)] : []
  );
  return html`
    <div class="chart">
      <div class="axis">${ticks.map((value) =>
        html`
          <span>${trimmed(value)}</span>
        `
      )}</div>
      <svg width="100%" height="${PLOT_HEIGHT + LABEL_HEIGHT}" role="img" aria-label="${summary(shown)}">
        ${ticks.map((value) =>
          html`
            <line x1="0" x2="100%" y1="${rounded(y(value))}" y2="${rounded(y(value))}" />
          `
        )} ${shown.map((window, i) => bar(window, x(i), step, y))} ${labelled}
      </svg>
    </div>
  `;
}

function bar(window: WindowSummary, x: number, step: number, y: (hashratePh: number) => number): Html {
  const { wonHashratePh, lostHashratePh } = window;
  const width = `${rounded(step * BAR_SHARE)}%`;
  const left = `${rounded(x + step * (1 - BAR_SHARE) / 2)}%`;
  const [base, won, all] = [y(0), y(wonHashratePh), y(wonHashratePh + lostHashratePh)];
  const rect = (name: string, top: number, bottom: number): Html | null =>
    bottom <= top ? null : html`
      <rect class="${name}" x="${left}" y="${rounded(top)}" width="${width}" height="${rounded(
        bottom - top,
      )}" rx="1.5" />
    `;
  return html`
    <g>
      <title>${describe(window)}</title>
      <rect class="hover" x="${rounded(x)}%" y="0" width="${rounded(step)}%" height="${PLOT_HEIGHT}" />
      ${rect("lost", all, won)}${rect("won", won, base)} ${all === base && html`
        <circle class="lost" cx="${rounded(x + step / 2)}%" cy="${base - 4}" r="2" />
      `}
    </g>
  `;
}

function timeLabel({ firstBlockTime }: WindowSummary, x: number): Html | null {
  if (firstBlockTime === null) return null;
  return html`
    <text x="${rounded(x)}%" y="${PLOT_HEIGHT + LABEL_HEIGHT - 5}" text-anchor="middle">${clockTime(
      firstBlockTime,
    )}</text>
  `;
}

function describe(
  { firstBlock, firstBlockTime, wonHashratePh, lostHashratePh, reason }: WindowSummary,
): string {
  const when = firstBlockTime === null ? "" : ` (${clockTime(firstBlockTime)} UTC)`;
  const why = reason === null ? "" : `. ${reason.message}`;
  const [won, lost] = [formatHashrate(wonHashratePh), formatHashrate(lostHashratePh)];
  return `Window from block ${formatBlock(firstBlock)}${when}: won ${won}, lost ${lost}${why}`;
}

function summary(shown: readonly WindowSummary[]): string {
  const won = shown.reduce((sum, { wonHashratePh }) => sum + wonHashratePh, 0);
  const average = shown.length === 0 ? 0 : won / shown.length;
  return `Won and lost hashrate in the last ${shown.length} windows; won ${
    formatHashrate(average)
  } on average`;
}

/** The next 1, 2, 4, 5 × 10^n, so that the axis has round figures. */
function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 10].find((factor) => factor * magnitude >= value) ?? 10) * magnitude;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
