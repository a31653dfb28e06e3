// One symbol: its candles as far back as they are stored, what stands out in them, and what is traded now.

import { ask, keepAsking, Unanswered } from "../api.js";
import { element } from "../dom.js";
import { decimals } from "../format.js";
import { listen } from "../live.js";
import { stateLine, tell } from "../states.js";
import { Candles } from "../symbol/candles.js";
import { openChart } from "../symbol/chart.js";
import { Heading } from "../symbol/heading.js";
import { AlertList, Legend } from "../symbol/legend.js";
import { Marks } from "../symbol/marks.js";
import { Pressure } from "../symbol/pressure.js";
import { Proof } from "../symbol/proof.js";
import { INTERVALS } from "../symbol/series.js";
import { RecentTrades, tradeOfFrame, tradeOfRow } from "../symbol/trades.js";

export const title = "Symbol";

const TRADES_MS = 15_000;
const MOST_ALERTS = 1_000; // of one page of candles
const FEW = 4;

/**
 * @param {HTMLElement} root
 * @param {import("../views.js").Params} params
 * @returns {() => void} ends it
 */
export function show(root, { rest, query }) {
  if (rest) return showSymbol(root, rest, query.get("interval") ?? "1m");
  const line = stateLine("loading", "Loading symbols…");
  root.append(line);
  return keepAsking(
    "/api/v1/market/realtime",
    2_000,
    ({ data }) => {
      if (data.length) location.replace(`#/symbol/${encodeURIComponent(data[0].symbol)}`);
      else tell(line, "empty", "No symbol is followed yet: the first ticker is on its way.");
    },
    (error) => tell(line, "error", error.message),
  );
}

/**
 * @param {HTMLElement} root
 * @param {string} symbol
 * @param {string} asked
 */
function showSymbol(root, symbol, asked) {
  const interval = asked in INTERVALS ? asked : "1m";
  const step = INTERVALS[interval] ?? 60_000;
  const go = (/** @type {string} */ to, /** @type {string} */ width) =>
    (location.hash = `#/symbol/${encodeURIComponent(to)}?interval=${width}`);
  const [heading, legend, proof] = [new Heading(symbol, (to) => go(to, interval)), new Legend(), new Proof()];
  const [pressure, trades, listed, marks] = [
    new Pressure(),
    new RecentTrades(symbol),
    new AlertList(),
    new Marks(step),
  ];
  const notice = stateLine("loading", "Loading candles…");
  const place = element("div", { id: "chart", role: "img", tabindex: 0, "aria-label": `Candles of ${symbol}` });
  const frame = element("div", { class: "frame" }, place, legend.element, notice);
  const chosen = element("div", { class: "intervals", role: "group", "aria-label": "Width of a candle" });
  for (const width of Object.keys(INTERVALS)) {
    const button = element("button", { type: "button", "aria-pressed": String(width === interval) }, width);
    button.addEventListener("click", () => go(symbol, width));
    chosen.append(button);
  }
  const tools = element("div", { class: "chart-tools" }, heading.choice, chosen);
  const main = element("section", { class: "panel", "aria-label": "Candles" }, heading.element, tools, frame);
  const side = element("div", { class: "beside-chart" }, pressure.element, trades.element);
  root.append(
    element("div", { class: "symbol" }, element("div", { class: "charts" }, main, listed.element, proof.element), side),
  );

  const ending = new AbortController();
  /** @type {import("../symbol/chart.js").Chart | null} */
  let chart = null;
  /** @type {number | null} */
  let pointed = null;
  let note = "";

  const describe = () => {
    const kept = decimals(symbol);
    const candle = candles.series.candles.get(pointed ?? candles.series.newest);
    if (candle) legend.show(candle, kept);
    listed.show(pointed === null ? marks.newest(FEW) : marks.at(pointed), pointed, note);
    proof.show(candles.series.last(FEW), kept);
    place.setAttribute("aria-label", candles.described());
    pressure.show((most) => candles.series.last(most));
  };
  const mark = (/** @type {any[]} */ alerts) => {
    marks.take(alerts);
    chart?.mark(marks.drawn());
    describe();
  };
  const askAlerts = async (/** @type {number} */ start, /** @type {number} */ end) => {
    const range = `symbol=${encodeURIComponent(symbol)}&start=${start}&end=${end}&limit=${MOST_ALERTS}`;
    try {
      const { data, next_cursor: further } = await ask(`/api/v1/analytics/alerts?${range}`, ending.signal);
      if (further) note = "There are more than can be marked: of each loaded part the newest 1,000.";
      mark(data);
    } catch (error) {
      if (!(error instanceof Unanswered) && !ending.signal.aborted) throw error; // the candles are shown without them
    }
  };
  const candles = new Candles(symbol, interval, {
    say: (mood, words) => tell(notice, mood, words),
    onChange: (page) => {
      const [first, last] = [page[0], page.at(-1)];
      if (first && last) askAlerts(first.open_time, last.close_time);
      else describe();
    },
  });
  const repaint = () => {
    candles.repaint();
    chart?.mark(marks.drawn());
  };
  openChart(place).then((opened) => {
    if (ending.signal.aborted) return opened.end();
    chart = opened;
    chart.onPoint((time) => {
      pointed = time;
      describe();
    });
    place.addEventListener("keydown", (event) => opened.key(event));
    candles.drawOn(opened);
    chart.mark(marks.drawn());
  });
  document.addEventListener("theme", repaint);
  const stream = symbol.toLowerCase();
  const stops = [
    keepAsking(`/api/v1/analytics/trades/${encodeURIComponent(symbol)}?limit=20`, TRADES_MS, ({ data }) =>
      trades.take(data.map(tradeOfRow)),
    ),
    listen([`${stream}@trade`], (frame) => {
      trades.take([tradeOfFrame(frame)]);
      heading.traded(frame.p);
    }),
    listen(["!alerts"], (alert) => alert.symbol === symbol && mark([alert])),
    () => document.removeEventListener("theme", repaint),
    () => ending.abort(),
    () => candles.end(),
    () => heading.end(),
    () => trades.end(),
    () => chart?.end(),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
