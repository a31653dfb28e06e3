// Candlesticks and volume. Candles that are not closed are hollow.

import {
  CandlestickSeries,
  ColorType,
  createChart,
  CrosshairMode,
  HistogramSeries,
} from "./vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Chart {
  constructor(element) {
    this.chart = createChart(element, {
      autoSize: true,
      layout: { attributionLogo: false, fontFamily: "system-ui, sans-serif" }, // credited in the footer
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 4 },
      localization: { locale: "en-GB" },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, { priceLineStyle: 2 });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.24 } });
    this.rows = new Map();
    this.paint();
  }

  /** Read the colours of the page's theme again. */
  paint() {
    this.chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: token("--surface") }, textColor: token("--quiet") },
      grid: { vertLines: { color: token("--line") }, horzLines: { color: token("--line") } },
      rightPriceScale: { borderColor: token("--line") },
      timeScale: { borderColor: token("--line") },
    });
    if (this.rows.size) this.#draw();
  }

  /** Another symbol or interval: forget what was drawn. */
  replace(rows, decimals) {
    this.rows = new Map(rows.map((row) => [row.open_time, row]));
    this.candles.applyOptions({ priceFormat: { type: "price", precision: decimals, minMove: 10 ** -decimals } });
    this.#draw();
    this.#showNewest();
  }

  /** The newest candles again, the forming one among them. */
  update(rows) {
    for (const row of rows) {
      const newest = Math.max(...this.rows.keys());
      this.rows.set(row.open_time, row);
      const isOld = row.open_time < newest;
      this.candles.update(bar(row), isOld);
      this.volume.update(column(row), isOld);
    }
    this.#colourLastPrice();
  }

  get newestOpenTime() {
    return Math.max(...this.rows.keys());
  }

  #draw() {
    const rows = [...this.rows.values()].sort((a, b) => a.open_time - b.open_time);
    this.candles.setData(rows.map(bar));
    this.volume.setData(rows.map(column));
    this.#colourLastPrice();
  }

  /** A hollow candle would lend its label the colour of the ground. */
  #colourLastPrice() {
    const last = this.rows.get(this.newestOpenTime);
    if (last) this.candles.applyOptions({ priceLineColor: colour(last) });
  }

  #showNewest() {
    const shown = Math.max(24, Math.min(90, this.rows.size));
    this.chart.priceScale("right").applyOptions({ autoScale: true });
    this.chart.timeScale().setVisibleLogicalRange({ from: this.rows.size - shown, to: this.rows.size + 3 });
  }
}

const colour = (row) => token(Number(row.close) >= Number(row.open) ? "--up" : "--down");

function bar(row) {
  const line = colour(row);
  return {
    time: row.open_time / 1000,
    open: Number(row.open),
    high: Number(row.high),
    low: Number(row.low),
    close: Number(row.close),
    color: row.closed ? line : token("--surface"),
    borderColor: line,
    wickColor: line,
  };
}

const column = (row) => ({ time: row.open_time / 1000, value: Number(row.volume), color: `${colour(row)}66` });
