/**
 * The ASICs on the status page.
 *
 * @module
 */

import type { MinerReport } from "../../delivery/asics/fleet_report.ts";
import { formatHashrate, trimmed } from "./format.ts";
import { type Html, html } from "./html.ts";
import { isFailing, isSlow } from "./miners.ts";
import type { FleetStatus } from "./status_report.ts";
import { capitalised, counted, countedText, placeText, readingText, removedText } from "./words.ts";

/** Machines that are shown at once; the others are folded. */
const OPEN_MINERS = 12;

/** What the machines deliver together. */
export function fleetCard(fleet: FleetStatus, ago: (iso: string) => Html): Html {
  const { wantedHashratePh, coveredHashratePh, surplusHashratePh, shortfallHashratePh, miners, error } =
    fleet;
  const onSubnet = miners.filter(({ found }) => found === "subnet").length;
  return html`
    <section id="asics">
      <h2>ASICs</h2>
      ${error !== null && html`
        <p class="is-bad">${error}</p>
      `}
      <div class="value">
        <b>${trimmed(coveredHashratePh)} of ${formatHashrate(wantedHashratePh)}</b>
        <span>${onSubnet} of ${counted(miners.length, "machine")} at the subnet</span>
      </div>
      <dl>
        ${shortfallHashratePh > 0
          ? html`
            <dt>Short</dt><dd><b class="is-bad">${formatHashrate(shortfallHashratePh)}</b></dd>
          `
          : html`
            <dt>Surplus</dt><dd>${formatHashrate(surplusHashratePh)}</dd>
          `}
        <dt>Last switched</dt>
        <dd>${fleet.switchedAt === null ? "not since the start" : ago(fleet.switchedAt)}</dd>
        <dt>Last checked</dt>
        <dd>${ago(fleet.checkedAt)}</dd>
      </dl>
    </section>
  `;
}

/** Each machine: those that are no longer configured, then those with problems, then the others. */
export function minersCard({ miners, removed }: FleetStatus): Html {
  const sorted = troubledFirst(miners);
  const [shown, folded] = [sorted.slice(0, OPEN_MINERS), sorted.slice(OPEN_MINERS)];
  return html`
    <section class="full" id="miners">
      <h2>Machines</h2>
      ${minerTable([
        ...removed.map((miner) => minerRow(miner, removedText(miner))),
        ...shown.map((miner) => minerRow(miner)),
      ])} ${folded.length > 0 && html`
        <details>
          <summary>${folded.length} more</summary>
          ${minerTable(folded.map((miner) => minerRow(miner)))}
        </details>
      `}
    </section>
  `;
}

function minerTable(rows: readonly Html[]): Html {
  return html`
    <table class="miners">
      <thead>
        <tr>
          <th>Machine</th>
          <th>Says, of nominal</th>
          <th>Is at</th>
        </tr>
      </thead>
      <tbody>${rows}</tbody>
    </table>
  `;
}

/** @param remark what is to be known of it beside its problem. */
function minerRow(miner: MinerReport, remark: string | null = null): Html {
  const { name, address, found, problem } = miner;
  const counts = countedText(miner);
  return html`
    <tr>
      <td>
        <b>${name}</b>${name !== address && html`
          <span>${address}</span>
        `} ${remark !== null && html`
          <span>${capitalised(remark)}</span>
        `} ${problem !== null && html`
          <span class="${isSlow(miner) ? "is-warning" : "is-bad"}">${problem.message}</span>
        `}
      </td>
      <td>${readingText(miner)}${counts !== null && html`
        <span>${counts}</span>
      `}</td>
      <td class="${found === "subnet" ? "won" : ""}">${placeText(found)}</td>
    </tr>
  `;
}

/** A list of hundreds is read from its top. */
function troubledFirst(miners: readonly MinerReport[]): MinerReport[] {
  const rank = (miner: MinerReport): number =>
    isFailing(miner) ? 0 : isSlow(miner) ? 1 : miner.found === "subnet" ? 2 : 3;
  return [...miners].sort((a, b) => rank(a) - rank(b));
}
