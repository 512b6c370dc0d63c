// Draws the charts of a page from the data beside them; the table under each chart says the same in words.
// The data stand in a JSON block that the browser does not run, so that the policy against inline scripts holds.

const INK = () => getComputedStyle(document.documentElement);
const colour = (name, fallback) => INK().getPropertyValue(name).trim() || fallback;

// Told apart by colour-blind readers too (Okabe and Ito), and by symbol and dash in the line chart.
const SERIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#5e3c99", "#444444"];
const DASHES = ["solid", "dashed", "dotted"];
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin"];

// The two measures of one agency, told apart from the colours of agencies below by their hue.
const MEASURES = ["#14505c", "#6b9fa9"];

// As the pages write it: the reader's separators, a space, the sign.
const percent = (locale, digits) => {
  const format = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (value) => (value === null || value === undefined ? "–" : `${format.format(100 * value)} %`);
};

// Enough digits that two marks of an axis never read the same.
const axisDigits = (data) => {
  const largest = Math.max(0, ...data.series.flatMap((one) => one.values.map((value) => value ?? 0)));
  return largest < 0.005 ? 2 : largest < 0.04 ? 1 : 0;
};

const base = (data) => ({
  color: SERIES,
  // Drawn at once: nothing on a page of figures should move by itself, and print must find it finished.
  animation: false,
  textStyle: { fontFamily: "inherit", color: colour("--tblr-body-color", "#182433") },
  aria: { enabled: false },
  grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
  legend: { top: 0, left: 0, icon: "roundRect", itemHeight: 10, textStyle: { color: colour("--tblr-body-color", "#182433") } },
  // Drawn as text on the canvas: the default writes style attributes, which the policy refuses.
  tooltip: { renderMode: "richText", confine: true, trigger: "axis", valueFormatter: percent(data.locale, 2) },
});

const axisLabel = { color: colour("--tblr-secondary", "#5f6b7a"), hideOverlap: true };
const splitLine = { lineStyle: { color: colour("--tblr-border-color", "#dce1e7") } };

function bars(data) {
  return {
    ...base(data),
    // Room for the figure behind the longest bar.
    grid: { left: 8, right: 52, top: 40, bottom: 8, containLabel: true },
    xAxis: { type: "value", axisLabel: { ...axisLabel, formatter: percent(data.locale, axisDigits(data)) }, splitLine },
    yAxis: { type: "category", inverse: true, data: data.categories, axisLabel: { ...axisLabel, width: 160, overflow: "truncate" }, axisTick: { show: false } },
    series: data.series.map((one, at) => ({
      type: "bar",
      name: one.name,
      data: one.values,
      barMaxWidth: 18,
      itemStyle: { color: MEASURES[at % MEASURES.length], borderRadius: [0, 3, 3, 0] },
      label: { show: true, position: "right", formatter: (point) => percent(data.locale, 2)(point.value), color: colour("--tblr-body-color", "#182433") },
    })),
  };
}

function lines(data) {
  return {
    ...base(data),
    xAxis: { type: "category", name: data.xName, nameLocation: "middle", nameGap: 28, data: data.categories, boundaryGap: false, axisLabel },
    yAxis: { type: "value", axisLabel: { ...axisLabel, formatter: percent(data.locale, axisDigits(data)) }, splitLine },
    // The legend of a panel takes two lines.
    grid: { left: 8, right: 24, top: data.series.length > 3 ? 64 : 40, bottom: 28, containLabel: true },
    series: data.series.map((one, at) => ({
      type: "line",
      name: one.name,
      data: one.values,
      connectNulls: false,
      symbol: SYMBOLS[at % SYMBOLS.length],
      symbolSize: 7,
      lineStyle: { width: 2, type: DASHES[at % DASHES.length] },
    })),
  };
}

// Each measure as a point with its limits, so that what lies within the reach of chance is seen to overlap.
function intervals(data) {
  const format = percent(data.locale, 2);
  const ends = data.series.flatMap((one) => [...one.values, ...one.intervals.flatMap((pair) => pair ?? [])]);
  return {
    ...base(data),
    grid: { left: 8, right: 24, top: 40, bottom: 8, containLabel: true },
    tooltip: {
      ...base(data).tooltip,
      trigger: "item",
      formatter: ({ seriesName, value: [at, figure, low, high] }) =>
        `${data.categories[at]}\n${seriesName}: ${format(figure)}${Number.isFinite(low) ? ` (${format(low)} – ${format(high)})` : ""}`,
    },
    xAxis: { type: "value", min: 0, axisLabel: { ...axisLabel, formatter: percent(data.locale, axisDigits({ series: [{ values: ends }] })) }, splitLine },
    yAxis: { type: "category", inverse: true, data: data.categories, axisLabel: { ...axisLabel, width: 160, overflow: "truncate" }, axisTick: { show: false }, splitLine: { show: true, ...splitLine } },
    series: data.series.map((one, nth) => ({
      type: "custom",
      name: one.name,
      itemStyle: { color: MEASURES[nth % MEASURES.length] },
      encode: { x: [1, 2, 3], y: 0 },
      data: one.values.flatMap((value, at) => (value === null ? [] : [[at, value, ...(one.intervals[at] ?? [NaN, NaN])]])),
      renderItem: (_, api) => {
        const below = 7 * (2 * nth + 1 - data.series.length);
        const place = (value) => { const [x, y] = api.coord([value, api.value(0)]); return [x, y + below]; };
        const [x, y] = place(api.value(1));
        const [low, high] = [api.value(2), api.value(3)];
        const ink = api.visual("color");
        const stroke = { stroke: ink, lineWidth: 2 };
        const line = (from, to) => ({ type: "line", shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, style: stroke });
        const reach = Number.isFinite(low) ? [line(place(low), place(high)), ...[low, high].map((end) => line([place(end)[0], y - 4], [place(end)[0], y + 4]))] : [];
        const mark = nth ? { type: "rect", shape: { x: x - 4, y: y - 4, width: 8, height: 8 } } : { type: "circle", shape: { cx: x, cy: y, r: 5 } };
        return { type: "group", children: [...reach, { ...mark, style: { fill: ink } }] };
      },
    })),
  };
}

const KINDS = { bars, lines, intervals };

for (const place of document.querySelectorAll("[data-chart]")) {
  const data = JSON.parse(document.getElementById(place.dataset.source).textContent);
  const chart = window.echarts.init(place, null, { renderer: "canvas" });
  chart.setOption(KINDS[place.dataset.chart](data));
  new ResizeObserver(() => chart.resize()).observe(place);
}
