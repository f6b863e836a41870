"use strict";

// Charts are drawn from the table that stands below them, so that both always say the same.
// What comes back is drawn downwards: the direction tells it apart, not the colour alone.
const CHARTS = {
  tickets: [
    { name: "sold", colour: "--seat-sold", sign: 1 },
    { name: "returned", colour: "--returned", sign: -1 },
  ],
  money: [{ name: "money", colour: "--accent", sign: 1 }],
};
const DAY_SECONDS = 86400;
const UNIT_DAYS = { day: 1, week: 7, month: 30 };
const LEAST_UNITS = 7;
const LANGUAGE = document.documentElement.lang;
const NUMBER = new Intl.NumberFormat(LANGUAGE);
const SHORT = new Intl.NumberFormat(LANGUAGE, { notation: "compact" });
const DAY = new Intl.DateTimeFormat(LANGUAGE, { day: "numeric", month: "short", timeZone: "UTC" });

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function axis(more) {
  const grid = { stroke: colour("--line"), width: 1 };
  return { stroke: colour("--soft"), font: "12px Inter", grid, ticks: { ...grid, size: 4 }, ...more };
}

// A sale that began shortly before the show stands among days before it: alone it would have no scale.
function withDaysBefore(days, values, step, till) {
  while (till - days[0] < (LEAST_UNITS - 1) * step) {
    days.unshift(days[0] - step);
    values.forEach((each) => each.unshift(null));
  }
}

// Where nobody points, the legend tells of the last day.
function lastDay(plot) {
  plot.setLegend({ idx: plot.data[0].length - 1 }, false);
}

function draw(place) {
  const table = document.getElementById(place.dataset.table);
  const rows = [...table.tBodies[0].rows].filter((row) => row.dataset.day);
  const parts = CHARTS[place.dataset.chart];
  const days = rows.map((row) => Date.parse(row.dataset.day) / 1000);
  const values = parts.map((part) => rows.map((row) => part.sign * Number(row.dataset[part.name])));
  const step = DAY_SECONDS * UNIT_DAYS[place.dataset.unit];
  const end = Math.max(Date.parse(place.dataset.till) / 1000, days.at(-1));
  withDaysBefore(days, values, step, end);
  const series = parts.map((part) => ({
    label: table.querySelector(`[data-name="${part.name}"]`).textContent,
    fill: colour(part.colour),
    stroke: colour(part.colour),
    width: 0,
    points: { show: false },
    paths: uPlot.paths.bars({ size: [0.62, 36], radius: 0.15 }),
    value: (_, value) => (value === null ? "—" : NUMBER.format(Math.abs(value))),
  }));
  const day = { label: table.querySelector('[data-name="day"]').textContent, value: (_, at) => (at ? DAY.format(at * 1000) : "—") };
  const options = {
    width: place.clientWidth,
    height: 220,
    series: [day, ...series],
    cursor: { y: false, points: { show: false } },
    hooks: { ready: [lastDay], setCursor: [(plot) => plot.cursor.idx === null && lastDay(plot)] },
    scales: { x: { range: () => [days[0] - step / 2, end + step / 2] } },
    axes: [
      axis({ space: 64, incrs: [1, 2, 7, 14, 30, 60, 90, 180, 365].map((each) => each * DAY_SECONDS), values: (_, at) => at.map((each) => DAY.format(each * 1000)), grid: { show: false } }),
      axis({ size: 56, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7], values: (_, at) => at.map((each) => SHORT.format(Math.abs(each))) }),
    ],
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
  };
  place.replaceChildren();
  return new uPlot(options, [days, ...values], place);
}

function drawAll() {
  document.querySelectorAll("[data-chart]").forEach(draw);
}

document.fonts.ready.then(drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== width) {
    width = innerWidth;
    drawAll();
  }
});
