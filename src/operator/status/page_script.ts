/**
 * The script of the status page: it refreshes the page in place. The page is complete without it.
 *
 * @module
 */

/** Interval of the refreshes. */
const REFRESH_SECONDS = 10;

/**
 * The script. Its `formatDuration` repeats that of `format.ts`, because the source of a bundled function cannot be
 * sent to the browser; a test compares the two.
 */
export const PAGE_SCRIPT = `"use strict";
function formatDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return whole + " s";
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, length]) => whole >= length);
  let rest = whole;
  return units.slice(first, first + 2).flatMap(([name, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count === 0 ? [] : [count + " " + name];
  }).join(" ");
}
// Uses the agent's clock: a phone's may be wrong, and may be set meanwhile.
let clockOffsetMs = 0;
function readClock() {
  clockOffsetMs = Date.parse(document.getElementById("status").dataset.now) - performance.now();
}
function tick() {
  const now = performance.now() + clockOffsetMs;
  for (const element of document.querySelectorAll("[data-ago]")) {
    element.textContent = formatDuration((now - Date.parse(element.dateTime)) / 1000) + " ago";
  }
  for (const element of document.querySelectorAll("[data-until]")) {
    const seconds = (Date.parse(element.dateTime) - now) / 1000;
    element.textContent = seconds <= 0 ? "ends now" : formatDuration(seconds) + " left";
  }
}
async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch("/", { cache: "no-store" });
    // The style is loaded already, and the Content-Security-Policy forbids another one.
    const text = (await response.text()).replace(/<style[^]*?<\\/style>/, "");
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const status = fresh.getElementById("status");
    if (status === null) throw new Error("no status");
    document.getElementById("status").replaceWith(document.adoptNode(status));
    document.title = fresh.title;
    document.querySelector("link[rel=icon]").href = fresh.querySelector("link[rel=icon]").href;
    document.body.classList.remove("lost-contact");
    readClock();
  } catch {
    document.body.classList.add("lost-contact");
  }
}
readClock();
setInterval(tick, 1000);
setInterval(refresh, ${REFRESH_SECONDS * 1000});
document.addEventListener("visibilitychange", refresh);
`;
