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

/** The machines, those with problems first. */
export function fleetCard(fleet: FleetStatus): Html {
  const { wantedHashratePh, coveredHashratePh, surplusHashratePh, shortfallHashratePh, miners, error } =
    fleet;
  const onSubnet = miners.filter(({ found }) => found === "subnet").length;
  const difference = shortfallHashratePh > 0
    ? html`
      <b class="is-bad">${formatHashrate(shortfallHashratePh)} short</b>
    `
    : `${formatHashrate(surplusHashratePh)} more`;
  return html`
    <section class="full" id="asics">
      <h2>ASICs <small>${onSubnet} of ${counted(miners.length, "machine")} at the subnet</small></h2>
      ${error !== null && html`
        <p class="is-bad">${error}</p>
      `}
      <p>${formatHashrate(coveredHashratePh)} cover ${formatHashrate(wantedHashratePh)}, ${difference}</p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Machine</th>
              <th>Nominal</th>
              <th>Says</th>
              <th>Belongs to</th>
              <th>Is at</th>
            </tr>
          </thead>
          <tbody>${troubledFirst(miners).map(minerRow)}</tbody>
        </table>
      </div>
    </section>
  `;
}

function minerRow(
  { name, address, nominalHashratePh, readingPh, wanted, found, problem }: MinerReport,
): Html {
  return html`
    <tr>
      <td>
        <b>${name}</b>${name !== address && html`
          <span class="muted">${address}</span>
        `} ${problem !== null && html`
          <span class="is-bad problem">${problem.message}</span>
        `}
      </td>
      <td>${trimmed(nominalHashratePh)} PH/s</td>
      <td>${readingPh === null ? "–" : `${trimmed(readingPh)} PH/s`}</td>
      <td>${wanted}</td>
      <td class="${found === "subnet" ? "won" : ""}">${placeText(found)}</td>
    </tr>
  `;
}

/** A list of hundreds is read from its top. */
function troubledFirst(miners: readonly MinerReport[]): MinerReport[] {
  const rank = ({ problem, found }: MinerReport): number => problem !== null ? 0 : found === "subnet" ? 1 : 2;
  return [...miners].sort((a, b) => rank(a) - rank(b));
}
