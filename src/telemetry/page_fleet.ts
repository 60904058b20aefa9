/**
 * The ASICs on the status page.
 *
 * @module
 */

import type { MinerReport } from "../asic/fleet_report.ts";
import { formatHashrate, trimmed } from "./format.ts";
import { type Html, html } from "./html.ts";
import type { FleetStatus } from "./status_report.ts";
import { counted, placeText } from "./words.ts";

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

/** Each machine, those with problems first. */
export function minersCard({ miners }: FleetStatus): Html {
  const sorted = troubledFirst(miners);
  const [shown, folded] = [sorted.slice(0, OPEN_MINERS), sorted.slice(OPEN_MINERS)];
  return html`
    <section class="full" id="miners">
      <h2>Machines</h2>
      ${minerTable(shown)} ${folded.length > 0 && html`
        <details><summary>${folded.length} more</summary>${minerTable(folded)}</details>
      `}
    </section>
  `;
}

function minerTable(miners: readonly MinerReport[]): Html {
  return html`
    <table class="miners">
      <thead>
        <tr>
          <th>Machine</th>
          <th>Says, of nominal</th>
          <th>Is at</th>
        </tr>
      </thead>
      <tbody>${miners.map(minerRow)}</tbody>
    </table>
  `;
}

function minerRow({ name, address, nominalHashratePh, readingPh, found, problem }: MinerReport): Html {
  return html`
    <tr>
      <td>
        <b>${name}</b>${name !== address && html`
          <span>${address}</span>
        `} ${problem !== null && html`
          <span class="is-bad">${problem.message}</span>
        `}
      </td>
      <td>${readingPh === null ? "–" : trimmed(readingPh)} of ${formatHashrate(nominalHashratePh)}</td>
      <td class="${found === "subnet" ? "won" : ""}">${placeText(found)}</td>
    </tr>
  `;
}

/** A list of hundreds is read from its top. */
function troubledFirst(miners: readonly MinerReport[]): MinerReport[] {
  const rank = ({ problem, found }: MinerReport): number => problem !== null ? 0 : found === "subnet" ? 1 : 2;
  return [...miners].sort((a, b) => rank(a) - rank(b));
}
