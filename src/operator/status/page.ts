/**
 * The status page: one HTML document rendered by the agent, without further files to load.
 *
 * @module
 */

import { hashrateChart } from "./chart.ts";
import { formatAgo, formatBlock, formatDuration, shortDecimal, shortHotkey, trimmed } from "./format.ts";
import { Html, html } from "./html.ts";
import { countedPh, deliveryText, workersText } from "./delivery_words.ts";
import { noticesOf, timeLeft } from "./notices.ts";
import { fleetCard, minersCard } from "./page_fleet.ts";
import { routedWords } from "./routed_values.ts";
import { PAGE_SCRIPT } from "./page_script.ts";
import { PAGE_STYLE } from "./page_style.ts";
import type { WindowWorth } from "../../auction/worth.ts";
import { comparedPayText, lastPayText } from "./pay_words.ts";
import { formatAmount, worthText } from "./worth_words.ts";
import {
  capitalised,
  cbcText,
  counted,
  parityText,
  proxyName,
  withdrawnEffect,
  withdrawnText,
} from "./words.ts";
import type {
  BidReport,
  CommitmentReport,
  DeliveryStatus,
  EventReport,
  HookReport,
  JobReport,
  PayStatus,
  ProxyReport,
  StatusReport,
  WindowStatus,
  WithdrawalReport,
} from "./status_report.ts";

/** Without JavaScript the browser reloads the page at this interval. */
const RELOAD_SECONDS = 30;

/** Events shown at once; older ones are folded. */
const OPEN_EVENTS = 12;

/** A document and its Content-Security-Policy. */
export interface Page {
  readonly html: string;
  /** The value of the `Content-Security-Policy` header: its own style and script, and nothing else. */
  readonly contentSecurityPolicy: string;
}

/**
 * Renders the page.
 *
 * @param nonce random text, new for each response.
 */
export function renderPage(report: StatusReport, nonce: string): Page {
  const destinations = destinationCards(report);
  const document = html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <title>${titleOf(report)}</title>
        <link rel="icon" href="${iconOf(report)}">
        <noscript><meta http-equiv="refresh" content="${RELOAD_SECONDS}"></noscript>
        <style nonce="${nonce}">
        ${new Html(PAGE_STYLE)}
        </style>
      </head>
      <body>
        <div id="status" data-now="${report.now}">
          ${headerOf(report)} ${noticeList(report)}
          <main class="grid${destinations.length > 1 && " several"}">
            ${windowCard(report)} ${destinations.length > 1
              ? html`
                <div class="full destinations">${destinations}</div>
              `
              : destinations} ${report.fleet !== null && minersCard(report.fleet)} ${chartCard(
                report,
              )} ${marketCard(report)} ${bidCard(report)} ${chainCard(report)} ${agentCard(report)}
            ${jobsCard(
              report,
            )} ${eventsCard(report)}
          </main>
          ${footerOf(report)}
        </div>
        <script nonce="${nonce}">
        ${new Html(PAGE_SCRIPT)}
        </script>
      </body>
    </html>
  `;
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { html: document.text, contentSecurityPolicy: policy.join("; ") };
}

function titleOf({ ready, window }: StatusReport): string {
  const won = window === null ? "" : `${trimmed(window.wonHashratePh)} PH/s won · `;
  return `${ready ? "" : "Not ready · "}${won}ih-miner`;
}

function iconOf({ ready }: StatusReport): string {
  const colour = ready ? "%230b7f63" : "%23b3261e";
  return `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='7' fill='${colour}'/></svg>`;
}

function headerOf({ ready, identity }: StatusReport): Html {
  return html`
    <header>
      <h1>ih-miner</h1>
      <span class="badge ${ready ? "is-ready" : "is-bad"}">${ready ? "Ready" : "Not ready"}</span>
      ${identity !== null &&
        html`
          <div class="who">
            <span class="mono" title="${identity.hotkey}">${shortHotkey(identity.hotkey)}</span>
            on ${identity.network.join(", ")}, subnet ${identity.netuid}
          </div>
        `}
    </header>
  `;
}

function noticeList(report: StatusReport): Html | null {
  const notices = noticesOf(report);
  if (notices.length === 0) return null;
  return html`
    <ul class="notices">${notices.map(({ level, title, text }) =>
      html`
        <li class="${level}"><strong>${title}</strong> <span>${text}</span></li>
      `
    )}</ul>
  `;
}

/** Cards of the proxies and the ASICs, at least one. A single card sits beside the window, several in rows below it. */
function destinationCards({ fleet, proxies, routingOff, now }: StatusReport): Html[] {
  const asics = fleet === null ? [] : [fleetCard(fleet, (iso) => ago(iso, now))];
  if (routingOff !== null) return [...emptyProxyCard("Routing is off."), ...asics];
  const cards = [...proxies.map((proxy) => proxyCard(proxy, now)), ...asics];
  return cards.length > 0 ? cards : emptyProxyCard("Nothing has been routed yet.");
}

function emptyProxyCard(text: string): Html[] {
  return [html`
    <section>
      <h2>Proxy</h2>
      <p class="empty">${text}</p>
    </section>
  `];
}

function windowCard({ window, delivery }: StatusReport): Html {
  if (window === null) {
    return html`
      <section class="wide" id="window">
        <h2>This window</h2>
        <p class="empty">No window has been computed yet.</p>
      </section>
    `;
  }
  const offered = window.wonHashratePh + window.lostHashratePh;
  return html`
    <section class="wide" id="window">
      <h2>This window</h2>
      <div class="spread">
        <span><b>Window ${window.index}</b>
          <span class="muted">blocks ${formatBlock(window.firstBlock)} to ${formatBlock(
            window.lastBlock,
          )}</span></span>
        <span class="countdown">${countdown(window)}</span>
      </div>
      <progress max="${window.blocks}" value="${window.blocksDone}">${window.blocksDone} of ${window
        .blocks}</progress>
      <div class="spread muted">
        <span>block ${window.blocksDone} of ${window.blocks}</span>
        <span>${window.isOver ? "ended" : "ends"} about ${clock(window.endsAt)}</span>
      </div>
      <div class="figures">
        <div class="won"><b>${trimmed(window.wonHashratePh)} <small>PH/s</small></b>won, ${counted(
          window.wonWorkers,
          "worker",
        )}</div>
        <div class="lost"><b>${trimmed(window.lostHashratePh)} <small>PH/s</small></b>lost, ${counted(
          window.lostWorkers,
          "worker",
        )}</div>
        ${window.worth !== null && worthFigure(window.worth)} ${delivery !== null && deliveryFigure(delivery)}
      </div>
      ${offered > 0 && html`
        <p class="muted">${Math.round(
          window.wonHashratePh / offered * 100,
        )} % of what we offered${window.worth !==
            null && window.wonWorkers > 0 && `; at this rate ${worthText(window.worth)}`}</p>
      `} ${window.bids.length === 0
        ? html`
          <p class="empty">This auction has no bid of ours.</p>
        `
        : bidTable(window, delivery)} ${delivery !== null && workersLine(delivery)}
    </section>
  `;
}

function worthFigure({ won }: WindowWorth): Html {
  return html`
    <div id="worth"><b>${formatAmount(won.window.usdc)} <small>USDC</small></b>worth, ${formatAmount(
      won.window.alpha,
    )} alpha</div>
  `;
}

function deliveryFigure(delivery: DeliveryStatus): Html {
  const { basis, level } = delivery;
  const hashratePh = countedPh(delivery);
  const colour = hashratePh === null ? "unknown" : level;
  return html`
    <div class="delivered-${colour}" id="delivery">
      <b>${hashratePh === null ? "–" : trimmed(hashratePh)} <small>PH/s</small></b>${basis}, ${deliveryText(
        delivery,
      )}
    </div>
  `;
}

function workersLine(delivery: DeliveryStatus): Html | null {
  const text = workersText(delivery);
  return text === null ? null : html`
    <p class="muted" id="workers">By worker: ${text}</p>
  `;
}

function bidTable({ bids, ambiguous }: WindowStatus, delivery: DeliveryStatus | null): Html {
  const credit = delivery?.credit ?? null;
  const credited = ({ hashratePh, price }: BidReport): string =>
    trimmed(
      (credit?.won ?? []).filter((won) => won.hashratePh === Number(hashratePh) && won.price === price)
        .reduce((sum, { creditedPh }) => sum + creditedPh, 0),
    );
  const range = ({ fewest, most }: BidReport): string =>
    fewest === most ? String(most) : `${fewest} to ${most}`;
  return html`
    <table>
      <thead>
        <tr>
          <th>Size</th>
          <th>Price</th>
          <th>Offered</th>
          <th>Won</th>
          <th>Lost</th>${ambiguous && html`
            <th title="Over all outcomes that are as good">Possible</th>
          `}${credit !== null && html`
            <th>Credited</th>
          `}
        </tr>
      </thead>
      <tbody>${bids.map((bid) =>
        html`
          <tr>
            <td>${bid.hashratePh} PH/s</td>
            <td>× ${bid.price}</td>
            <td>${bid.offered}</td>
            <td class="${bid.won > 0 ? "won" : ""}">${bid.won}</td>
            <td>${bid.offered - bid.won}</td>${ambiguous && html`
              <td>${range(bid)}</td>
            `}${credit !== null && html`
              <td>${credited(bid)} PH/s</td>
            `}
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

function proxyCard(proxy: ProxyReport, now: string): Html {
  const { mode, path, error } = proxy;
  return html`
    <section>
      <h2>Proxy</h2>
      <p>
        <b>${proxyName(mode)}</b><br>
        <code class="muted">${path}</code>
      </p>
      ${error !== null && html`
        <p class="is-bad">${error}</p>
      `} ${routedWords(proxy).map(({ text, place, previous }) =>
        error !== null
          ? html`
            <div class="value is-former"><b>${text}</b><span>last known: ${place}</span></div>
          `
          : html`
            <div class="value"><b>${text}</b><span>${place}${previous !== null &&
              ` (was ${previous})`}</span></div>
          `
      )}
      <dl>
        <dt>Written</dt>
        <dd>${proxy.writtenAt === null ? "not since the start" : ago(proxy.writtenAt, now)}</dd>
        <dt>Reload signal</dt>
        <dd>${reloadText(proxy, now)}</dd>
        <dt>Last checked</dt>
        <dd>${ago(proxy.checkedAt, now)}</dd>
      </dl>
    </section>
  `;
}

function reloadText({ reload, reloadedAt, reloadPendingSince }: ProxyReport, now: string): Html | string {
  if (reload === "pending") {
    return html`
      pending since ${reloadPendingSince === null ? "" : clock(reloadPendingSince)}
    `;
  }
  return reloadedAt === null ? "not needed" : html`
    given ${ago(reloadedAt, now)}
  `;
}

function chartCard({ history }: StatusReport): Html {
  return html`
    <section class="full" id="history">
      <h2>
        Won and lost by window, PH/s
        <small><span class="key won"></span>won<span class="key lost"></span>lost</small>
      </h2>
      ${history.length === 0
        ? html`
          <p class="empty">The windows since the agent started will be here.</p>
        `
        : hashrateChart(history)}
    </section>
  `;
}

function marketCard({ window }: StatusReport): Html {
  if (window === null) {
    return html`
      <section id="market">
        <h2>Market</h2>
        <p class="empty">Not known yet.</p>
      </section>
    `;
  }
  const { prices, budgetPh, solver } = window;
  const price = (text: string | null, unit: string): string =>
    text === null ? "no consensus" : `${shortDecimal(text, 6)} ${unit}`;
  return html`
    <section id="market">
      <h2>Market <small>validators' consensus</small></h2>
      <dl>
        <dt>Budget</dt>
        <dd><b>${budgetPh === null ? "none" : `${trimmed(budgetPh)} PH/s`}</b></dd>
        <dt>Hashprice</dt>
        <dd>${price(prices.hashpUsdc, "USDC/PH/day")}</dd>
        <dt>TAO</dt>
        <dd>${price(prices.taoUsdc, "USDC")}</dd>
        <dt>Alpha</dt>
        <dd>${price(prices.alphaTao, "TAO")}</dd>
        <dt>Budget factor</dt>
        <dd>${prices.cap === null ? "1 (no cap)" : shortDecimal(prices.cap, 6)}</dd>
        <dt>Our mechanism</dt>
        <dd>${window.mechanismShare === null
          ? "not looked at"
          : `${trimmed(window.mechanismShare * 100)} % of emission`}</dd>
      </dl>
      <dl>
        <dt>Bidders</dt>
        <dd>${window.bidders} with ${counted(window.offeredWorkers, "worker")}</dd>
        <dt>Decided by</dt>
        <dd>${solver === null ? "nothing to solve" : html`
          ${solver.decidedBy}, ${parityText(solver.parity)}, ${window.stage}<br><span class="muted">${solver
            .build} ${trimmed(
              solver.seconds,
            )} s</span>
        `}</dd>
      </dl>
    </section>
  `;
}

function bidCard({ now, commitment }: StatusReport): Html {
  return html`
    <section id="bid"><h2>Our bid on the chain</h2>${commitment === null
      ? html`
        <p class="empty">Not looked at yet.</p>
      `
      : bidPart(commitment, now)}</section>
  `;
}

function bidPart(bid: CommitmentReport, now: string): Html {
  if (bid.withdrawn !== null) return withdrawnPart(bid, bid.withdrawn, now);
  const span = (seconds: number | null): string => seconds === null ? "unknown" : formatDuration(seconds);
  return html`
    <div class="value"><code>${bid.text}</code><span>${counted(bid.workers, "worker")}</span></div>
    <dl>
      <dt>Age</dt>
      <dd>${span(bid.ageSeconds)}</dd>
      <dt>Renewed in</dt>
      <dd>${span(bid.renewalInSeconds)}</dd>
      <dt>Expires in</dt>
      <dd>${span(bid.expiresInSeconds)}</dd>
      <dt>Published</dt>
      <dd>${publishedText(bid, now)}</dd>
      <dt>Counts from</dt>
      <dd>
        ${bid.countsFromBlock === null
          ? "unknown"
          : `block ${formatBlock(bid.countsFromBlock)}`} ${bid.countsFrom !== null && html`
          <br><span class="muted">${clock(bid.countsFrom)}</span>
        `}
      </dd>
      <dt>Last checked</dt>
      <dd>${ago(bid.checkedAt, now)}</dd>
    </dl>
  `;
}

function withdrawnPart(bid: CommitmentReport, withdrawn: WithdrawalReport, now: string): Html {
  return html`
    <div class="value"><b>Withdrawn</b><span>${capitalised(withdrawnText(withdrawn))}</span></div>
    <p>${capitalised(withdrawnEffect(withdrawn, now))}</p>
    <dl>
      <dt>Published</dt>
      <dd>${publishedText(bid, now)}</dd>
      <dt>Last checked</dt>
      <dd>${ago(bid.checkedAt, now)}</dd>
    </dl>
  `;
}

function publishedText({ publishedAt }: CommitmentReport, now: string): Html | string {
  return publishedAt === null ? "before this start" : ago(publishedAt, now);
}

function payPart(pay: PayStatus): Html {
  return html`
    <dl>
      <dt>Last epoch paid</dt>
      <dd>${lastPayText(pay)}</dd>
      <dt>Our results</dt>
      <dd>${comparedPayText(pay)}</dd>
    </dl>
  `;
}

function chainCard({ now, chain, pay }: StatusReport): Html {
  return html`
    <section id="chain">
      <h2>Chain</h2>
      <dl>
        <dt>Head</dt>
        <dd><b>${chain.headNumber === null ? "none seen" : formatBlock(chain.headNumber)}</b></dd>
        <dt>Seen</dt>
        <dd>${chain.headSeenAt === null ? "never" : ago(chain.headSeenAt, now)}</dd>
        <dt>Followed at</dt>
        <dd><code>${chain.endpoint ?? "none"}</code></dd>
      </dl>
      ${pay !== null && payPart(pay)} ${chain.endpoints.length === 0
        ? html`
          <p class="muted">No endpoint has failed since the start.</p>
        `
        : chain.endpoints.map(({ endpoint, failures, lastKind, lastFailureAt }) =>
          html`
            <p class="endpoint">
              <code>${endpoint}</code>
              <span class="muted">${counted(failures, "failure")}, last ${lastKind} ${ago(
                lastFailureAt,
                now,
              )}</span>
            </p>
          `
        )}
    </section>
  `;
}

function agentCard({ checks }: StatusReport): Html {
  return html`
    <section class="wide" id="checks">
      <h2>Checks</h2>
      <ul class="checks">${checks.map(({ name, ok, isFailing, message }) =>
        html`
          <li class="${!ok ? "failed" : isFailing ? "doubtful" : "passed"}"><div><b>${capitalised(
            name,
          )}</b><span>${message}</span></div></li>
        `
      )}</ul>
    </section>
  `;
}

function jobsCard({ now, jobs, startedAt, hooks, webhook }: StatusReport): Html {
  return html`
    <section id="jobs">
      <h2>Jobs <small>started ${ago(startedAt, now)}</small></h2>
      ${jobs.map((job) => jobPart(job, now))} ${(hooks.length > 0 || webhook !== null) && html`
        <dl id="hooks">
          ${hooks.map(hookPart)} ${webhook !== null && html`
            <dt>Alerts</dt>
            <dd>${triesText(webhook, "post")}${webhook.lost > 0 && html`
              , <b class="is-bad">${webhook.lost} lost</b>
            `}</dd>
          `}
        </dl>
      `}
    </section>
  `;
}

function hookPart(hook: HookReport): Html {
  return html`
    <dt><code>${hook.hook}</code></dt>
    <dd>${triesText(hook, "call")}</dd>
  `;
}

/** `12 calls (2 failed)`; in red while it keeps failing. */
function triesText({ calls, failures, failing }: Omit<HookReport, "hook">, noun: string): Html {
  return html`
    ${counted(calls, noun)} ${failures > 0 && html`
      <span class="${failing === null ? "muted" : "is-bad"}">(${failures} failed)</span>
    `}
  `;
}

function jobPart(job: JobReport, now: string): Html {
  const took = job.lastDurationSeconds === null ? "–" : `${job.lastDurationSeconds.toFixed(2)} s`;
  return html`
    <dl>
      <dt><b>${capitalised(job.job)}</b></dt>
      <dd class="muted">${job.running ? "running" : "waiting"}</dd>
      <dt>Succeeded</dt>
      <dd>${job.lastSuccessAt === null ? "never" : ago(job.lastSuccessAt, now)}</dd>
      <dt>Last took</dt>
      <dd>${took}</dd>
      <dt>Runs</dt>
      <dd>${job.runs} ${job.failures > 0 && html`
        <b class="is-bad">(${job.failures} failed)</b>
      `}</dd>
    </dl>
  `;
}

function eventsCard({ events }: StatusReport): Html {
  const [newest, older] = [events.slice(0, OPEN_EVENTS), events.slice(OPEN_EVENTS)];
  return html`
    <section class="full" id="events">
      <h2>Recent events <small>newest first</small></h2>
      <ul class="events">${newest.map(eventItem)}</ul>
      ${older.length > 0 &&
        html`
          <details>
            <summary>${older.length} older</summary>
            <ul class="events">${older.map(eventItem)}</ul>
          </details>
        `}
    </section>
  `;
}

function eventItem({ at, level, event, fields, times }: EventReport): Html {
  return html`
    <li class="${level}">
      <time datetime="${at}" title="${at}">${at.slice(11, 19)}</time>
      <b>${event}${times > 1 && html`
        <span class="muted">× ${times}</span>
      `}</b>
      <span class="fields">${fields.map(({ key, value }) =>
        html`
          <i><u>${key}</u> ${value}</i>
        `
      )}</span>
    </li>
  `;
}

function footerOf({ version, commit, now, cbc }: StatusReport): Html {
  return html`
    <footer>
      <a href="/metrics">Metrics</a><a href="/api/status">JSON</a><a href="/readyz">Readiness</a>
      <span>ih-miner ${version}${commit !== null && html`
        (${commit})
      `}${cbc !== null && `, solver: ${cbcText(cbc)}`}, ${now.slice(0, 10)} ${now.slice(11, 19)} UTC</span>
    </footer>
  `;
}

function countdown(window: WindowStatus): Html | string {
  if (window.isOver) return timeLeft(window);
  return html`
    <time datetime="${window.endsAt}" data-until>${timeLeft(window)}</time>
  `;
}

/** A time relative to now, which the script keeps current. */
function ago(iso: string, now: string): Html {
  const seconds = (Date.parse(now) - Date.parse(iso)) / 1000;
  return html`
    <time datetime="${iso}" title="${iso}" data-ago>${formatAgo(seconds)}</time>
  `;
}

function clock(iso: string): Html {
  return html`
    <time datetime="${iso}" title="${iso}">${iso.slice(11, 16)} UTC</time>
  `;
}
