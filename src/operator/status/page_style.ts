/**
 * The look of the status page.
 *
 * @module
 */

/** A style sheet; no fonts or images beside it. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f5f4f0; --card: #fff; --text: #1d1c1a; --muted: #68655e; --line: #e5e2db; --track: #ebe8e1;
  --won: #0b7f63; --lost: #948e83; --note: #3b6ea8; --warning: #9a5b00; --bad: #b3261e;
  --warning-soft: #fdf3e0; --bad-soft: #fdecea; --note-soft: #edf3fa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121211; --card: #1b1b19; --text: #eceae5; --muted: #a19e96; --line: #2d2c29; --track: #2d2c29;
    --won: #41cfa6; --lost: #6d6960; --note: #7fb2ea; --warning: #f0ae4b; --bad: #ff8478;
    --warning-soft: #2c2313; --bad-soft: #331b18; --note-soft: #182330;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
#status { max-width: 1080px; margin: 0 auto; padding: 20px 20px 32px; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; margin-bottom: 16px; }
h1 { margin: 0; font-size: 19px; font-weight: 650; letter-spacing: -.01em; }
h2 { margin: 0 0 12px; font-size: 12px; font-weight: 650; letter-spacing: .06em; text-transform: uppercase; color: var(--muted); }
h2 small { float: right; font-size: 12px; font-weight: 400; letter-spacing: 0; text-transform: none; }
a { color: inherit; }
code, .mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .9em; overflow-wrap: anywhere; }
.muted { color: var(--muted); }
.who { margin-left: auto; color: var(--muted); font-size: 13px; text-align: right; }
.badge { display: inline-flex; align-items: center; gap: 7px; padding: 2px 11px 2px 9px; border-radius: 99px; font-size: 13px; font-weight: 600; border: 1px solid currentColor; }
.badge::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: currentColor; }
.is-ready { color: var(--won); } .is-warning { color: var(--warning); } .is-bad { color: var(--bad); }
.notices { list-style: none; margin: 0 0 16px; padding: 0; display: grid; gap: 8px; }
.notices li { padding: 9px 14px; border-radius: 8px; border-left: 4px solid; overflow-wrap: anywhere; }
.notices span { white-space: pre-line; }
.notices strong { margin-right: 6px; }
.notices .bad { border-color: var(--bad); background: var(--bad-soft); }
.notices .warning { border-color: var(--warning); background: var(--warning-soft); }
.notices .note { border-color: var(--note); background: var(--note-soft); }
.notices .bad strong { color: var(--bad); } .notices .warning strong { color: var(--warning); } .notices .note strong { color: var(--note); }
.grid { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 14px; }
section { grid-column: span 2; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; min-width: 0; }
.wide { grid-column: span 4; } .full { grid-column: 1 / -1; }
.destinations { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 14px; min-width: 0; }
.destinations section { grid-column: auto; }
/* The market moves up beside the window, and the jobs beside bid and chain. */
.several { grid-auto-flow: dense; } .several #checks { grid-column: 1 / -1; }
progress { display: block; width: 100%; height: 8px; margin: 8px 0 4px; border: 0; border-radius: 99px; overflow: hidden; background: var(--track); -webkit-appearance: none; appearance: none; }
progress::-webkit-progress-bar { background: var(--track); }
progress::-webkit-progress-value { background: var(--text); border-radius: 99px; }
progress::-moz-progress-bar { background: var(--text); border-radius: 99px; }
.spread { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 2px 14px; }
.countdown { font-weight: 600; }
.figures { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 18px 0 4px; }
.figures div { min-width: 0; } .figures #delivery { flex: 1 1 0; min-width: 135px; }
.figures b { display: block; white-space: nowrap; font-size: 32px; font-weight: 650; line-height: 1.15; letter-spacing: -.02em; }
.figures b small { font-size: 15px; font-weight: 500; letter-spacing: 0; color: var(--muted); }
.figures .won b, .figures .delivered-ok b { color: var(--won); }
.figures .lost b, .figures .delivered-unknown b { color: var(--muted); }
.figures .delivered-surplus b, .figures .delivered-warning b { color: var(--warning); } .figures .delivered-alert b { color: var(--bad); }
table { width: 100%; border-collapse: collapse; margin-top: 12px; }
th { font-size: 12px; font-weight: 500; color: var(--muted); text-align: right; padding: 4px 0 4px 12px; border-bottom: 1px solid var(--line); }
td { text-align: right; white-space: nowrap; padding: 6px 0 6px 12px; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.miners { margin-top: 0; } .miners td:first-child { white-space: normal; overflow-wrap: anywhere; width: 99%; }
.miners span { display: block; font-size: 13px; color: var(--muted); } .miners span.is-bad { color: var(--bad); } .miners span.is-warning { color: var(--warning); }
td.won { color: var(--won); font-weight: 600; }
dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 5px 16px; margin: 0; }
dt { color: var(--muted); } dt b { color: var(--text); } dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
dl + dl, dl + p, p + dl { margin-top: 12px; padding-top: 12px; border-top: 1px solid var(--line); }
.endpoint span { display: block; font-size: 13.5px; }
p { margin: 0; } p + p { margin-top: 8px; }
.value { margin: 10px 0; padding: 9px 12px; border-radius: 8px; background: var(--page); overflow-wrap: anywhere; }
.value b { display: block; font-size: 20px; letter-spacing: -.01em; }
.value.is-former { background: none; border: 1px dashed var(--line); } .value.is-former b { font-size: 15px; font-weight: 500; color: var(--muted); }
.value span { display: block; font-size: 12.5px; color: var(--muted); }
.chart { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 8px; margin-top: 18px; }
.chart .axis { display: flex; flex-direction: column; justify-content: space-between; height: 178px; margin-top: -9px; font-size: 11.5px; line-height: 18px; color: var(--muted); text-align: right; }
.chart svg { display: block; overflow: visible; }
.chart text { font-size: 11.5px; fill: var(--muted); }
.chart line { stroke: var(--line); stroke-width: 1; }
.chart .won { fill: var(--won); } .chart .lost { fill: var(--lost); }
.chart .hover { fill: transparent; } .chart g:hover .hover { fill: var(--track); }
.key.won { background: var(--won); } .key.lost { background: var(--lost); }
.key { display: inline-block; width: 10px; height: 10px; margin: 0 5px 0 14px; border-radius: 2px; }
.checks { list-style: none; margin: 0; padding: 0; }
.checks li { display: grid; grid-template-columns: 18px 1fr; padding: 5px 0; overflow-wrap: anywhere; }
.checks li::before { content: "✓"; color: var(--won); font-weight: 700; } .checks li.failed::before { content: "✗"; color: var(--bad); }
.checks li.doubtful::before { content: "!"; color: var(--warning); }
.checks b { font-weight: 600; } .checks span { display: block; color: var(--muted); font-size: 13.5px; white-space: pre-line; }
.events { list-style: none; margin: 0; padding: 0; }
.events li { display: grid; grid-template-columns: 62px 250px minmax(0, 1fr); gap: 0 12px; padding: 6px 0; border-top: 1px solid var(--line); font-size: 14px; }
.events li:first-child { border-top: 0; }
.events time { color: var(--muted); }
.events b { font-weight: 600; overflow-wrap: anywhere; }
.events .warning b { color: var(--warning); } .events .error b { color: var(--bad); }
.events .fields { color: var(--muted); font-size: 13px; line-height: 1.6; overflow-wrap: anywhere; }
.events i { font-style: normal; color: var(--text); margin-right: 10px; } .events u { text-decoration: none; color: var(--muted); }
summary { cursor: pointer; color: var(--muted); font-size: 13px; padding-top: 8px; border-top: 1px solid var(--line); }
.empty { color: var(--muted); padding: 8px 0; }
footer { margin-top: 18px; font-size: 13px; color: var(--muted); display: flex; flex-wrap: wrap; gap: 4px 16px; }
footer span:last-child { margin-left: auto; }
.lost-contact footer::before { content: "No contact with the agent; showing the last status."; width: 100%; color: var(--bad); font-weight: 600; }
@media (max-width: 860px) {
  section, .wide { grid-column: 1 / -1; }
  #status { padding: 14px 12px 24px; }
  .who { margin-left: 0; width: 100%; text-align: left; }
  section { padding: 14px; }
  .figures { gap: 8px 24px; }
  .figures b { font-size: 27px; }
  .events li { grid-template-columns: 62px minmax(0, 1fr); }
  .events .fields { grid-column: 1 / -1; }
  footer span:last-child { margin-left: 0; width: 100%; }
}
@media (max-width: 560px) {
  .miners thead { display: none; }
  .miners tr { display: grid; grid-template-columns: 1fr auto; border-bottom: 1px solid var(--line); }
  .miners tr:last-child { border-bottom: 0; }
  .miners td { border: 0; padding: 2px 0 8px; text-align: left; }
  .miners td:first-child { grid-column: 1 / -1; width: auto; padding: 8px 0 0; }
}
`;
