import assert from "node:assert/strict";
import { drawChart } from "../../../scripts/soak/chart.ts";

Deno.test("drawChart() draws a rise from 0 to the greatest value", () => {
  const points = [0, 60, 120, 180].map((at, i) => ({ at, value: i * 4 }));
  assert.equal(
    drawChart(points, { title: "open files", columns: 4, rows: 2 }),
    [
      "open files",
      "    12 │  ▃█",
      "     0 │ ▅██",
      "       └────",
      "        03 min",
    ].join("\n"),
  );
});

Deno.test("drawChart() shows the median of a stretch, and leaves a stretch without values empty", () => {
  const points = [[0, 8], [1, 800], [2, 8], [30, 8], [100, 800]].map(([at, value]) => ({
    at: at!,
    value: value!,
  }));
  const [, row] = drawChart(points, { title: "", columns: 10, rows: 1 }).split("\n");
  assert.equal(row, "   800 │         █");
  const even = points.map(({ at }) => ({ at, value: 8 }));
  assert.equal(drawChart(even, { title: "", columns: 10, rows: 1 }).split("\n")[1], "     8 │█  █     █");
});

Deno.test("drawChart() says that there are no values", () => {
  assert.equal(drawChart([], { title: "threads" }), "threads: no values");
});

Deno.test("drawChart() draws zeros as an empty chart", () => {
  const points = [{ at: 0, value: 0 }, { at: 60, value: 0 }];
  assert.equal(drawChart(points, { title: "", columns: 2, rows: 1 }).split("\n")[1], "     0 │");
});
