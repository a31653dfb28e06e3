// Candlesticks, volume, VWAP and markers, drawn by TradingView's library. Candles that are not closed are hollow.

import { day, minute, moment } from "../format.js";

/** @typedef {import("./series.js").Candle} Candle */
/** @typedef {import("./marks.js").Mark} Mark */
/** @typedef {typeof import("lightweight-charts")} Library */
/** @typedef {import("lightweight-charts").UTCTimestamp} Time */

const PATH = /** @type {string} */ ("../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs");
/** @type {Promise<Library>} */
const library = import(PATH);

const BAR_PX = 10; // of a candle, at first
const FEWEST = 24;
const STEP = 5; // candles, of an arrow key
const DAY_MARKS = [0, 1, 2]; // the library's words for a year, a month, a day

/**
 * @param {HTMLElement} place
 * @returns {Promise<Chart>}
 */
export const openChart = async (place) => new Chart(await library, place);

export class Chart {
  /**
   * @param {Library} charts
   * @param {HTMLElement} place
   */
  constructor(charts, place) {
    this.place = place;
    this.chart = charts.createChart(place, {
      autoSize: true,
      layout: { attributionLogo: false, fontFamily: "system-ui, sans-serif" }, // credited in the footer
      crosshair: { mode: charts.CrosshairMode.Normal },
      timeScale: {
        ...{ timeVisible: true, secondsVisible: false, rightOffset: 4, minBarSpacing: 1 },
        tickMarkFormatter: (/** @type {any} */ time, /** @type {number} */ kind) =>
          DAY_MARKS.includes(kind) ? day(time * 1_000).replace(/ \d+$/, "") : minute(time * 1_000),
      },
      localization: { locale: "en-GB", timeFormatter: (/** @type {any} */ time) => moment(time * 1_000).slice(0, -3) },
    });
    this.candles = this.chart.addSeries(charts.CandlestickSeries, { priceLineStyle: 2 });
    this.volume = this.chart.addSeries(charts.HistogramSeries, {
      ...{ priceScaleId: "volume", priceFormat: { type: "volume" } },
      ...{ lastValueVisible: false, priceLineVisible: false },
    });
    this.vwap = this.chart.addSeries(charts.LineSeries, {
      ...{ lineWidth: 1, lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false },
    });
    this.marks = charts.createSeriesMarkers(this.candles, []);
    this.chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.16, bottom: 0.24 } });
    /** @type {Set<number>} */
    this.drawn = new Set();
    this.newest = Number.NEGATIVE_INFINITY;
    /** @type {{from: number, to: number} | null} where keys have led, until the next frame shows it */
    this.aim = null;
    this.chart.timeScale().subscribeVisibleLogicalRangeChange(() => {
      this.aim = null;
    });
    this.paint();
  }

  /** Read the colours of the page's theme again; what is drawn has to be drawn again. */
  paint() {
    this.colours = coloursNow();
    const { surface, quiet, line, accent } = this.colours;
    this.chart.applyOptions({
      layout: { background: { color: surface }, textColor: quiet },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
    });
    this.vwap.applyOptions({ color: accent });
  }

  /** @param {number} decimals of its prices */
  precision(decimals) {
    const priceFormat = /** @type {const} */ ({ type: "price", precision: decimals, minMove: 10 ** -decimals });
    this.candles.applyOptions({ priceFormat });
    this.vwap.applyOptions({ priceFormat });
  }

  /** @param {{time: number, candle: Candle | null}[]} all in order of time */
  draw(all) {
    const blank = (/** @type {number} */ time) => ({ time: stamp(time) });
    this.candles.setData(all.map(({ time, candle }) => (candle ? this.#bar(candle) : blank(time))));
    this.volume.setData(all.map(({ time, candle }) => (candle ? this.#column(candle) : blank(time))));
    this.vwap.setData(all.map(({ time, candle }) => (candle ? point(candle) : blank(time))));
    this.drawn = new Set(all.map(({ time }) => time));
    this.newest = all.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
    const last = all.at(-1)?.candle;
    if (last) this.#lastPrice(last);
  }

  /**
   * Change single candles: those that are drawn, or the next one.
   * @param {Candle[]} candles in order of time
   */
  update(candles) {
    for (const candle of candles) {
      const isOld = candle.open_time < this.newest;
      this.candles.update(this.#bar(candle), isOld);
      this.volume.update(this.#column(candle), isOld);
      this.vwap.update(point(candle), isOld);
      this.drawn.add(candle.open_time);
      this.newest = Math.max(this.newest, candle.open_time);
      if (!isOld) this.#lastPrice(candle);
    }
  }

  /** @param {Mark[]} marks */
  mark(marks) {
    const { up, down, warn } = this.colours ?? coloursNow();
    const looks = /** @type {const} */ ({
      buy: { position: "belowBar", shape: "arrowUp", color: up },
      sell: { position: "aboveBar", shape: "arrowDown", color: down },
      spike: { position: "aboveBar", shape: "circle", color: warn },
    });
    this.marks.setMarkers(
      marks
        .filter(({ time }) => this.drawn.has(time))
        .map(({ time, kind, count }) => ({
          time: stamp(time),
          ...looks[kind],
          size: 0.8,
          text: count > 1 ? String(count) : "",
        })),
    );
  }

  /** The newest candles, as many as are easily read. */
  showNewest() {
    const all = this.drawn.size;
    const shown = Math.max(FEWEST, Math.min(all, Math.floor(this.place.clientWidth / BAR_PX)));
    this.candles.priceScale().applyOptions({ autoScale: true });
    this.chart.timeScale().setVisibleLogicalRange({ from: all - shown, to: all + 3 });
  }

  /**
   * How many candles there are to the left of what is seen; called at each change.
   * @param {(left: number) => void} on
   */
  onScroll(on) {
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => range && on(range.from));
  }

  /**
   * The open time of the candle that is pointed at; null: none is.
   * @param {(time: number | null) => void} on
   */
  onPoint(on) {
    this.chart.subscribeCrosshairMove(({ time }) => on(typeof time === "number" ? time * 1_000 : null));
  }

  /**
   * Arrows go along, plus and minus look closer and wider, End goes to now.
   * @param {KeyboardEvent} event
   */
  key(event) {
    const scale = this.chart.timeScale();
    const range = this.aim ?? scale.getVisibleLogicalRange();
    const move = { ArrowLeft: [-STEP, -STEP], ArrowRight: [STEP, STEP], "+": [STEP, 0], "-": [-STEP, 0] }[event.key];
    if (event.key === "End") this.showNewest();
    else if (move && range) {
      this.aim = { from: range.from + (move[0] ?? 0), to: range.to + (move[1] ?? 0) };
      scale.setVisibleLogicalRange(this.aim);
    } else return;
    event.preventDefault();
  }

  end() {
    this.chart.remove();
  }

  /** @param {Candle} candle */
  #bar(candle) {
    const colour = this.#colour(candle);
    return {
      ...{ time: stamp(candle.open_time), open: Number(candle.open), high: Number(candle.high) },
      ...{ low: Number(candle.low), close: Number(candle.close), borderColor: colour, wickColor: colour },
      color: candle.closed ? colour : (this.colours?.surface ?? colour),
    };
  }

  /** @param {Candle} candle */
  #column(candle) {
    const color = this.#colour(candle).replace("rgb(", "rgba(").replace(")", ", 0.4)");
    return { time: stamp(candle.open_time), value: Number(candle.volume), color };
  }

  /** @param {Candle} candle */
  #colour(candle) {
    const { up, down } = this.colours ?? coloursNow();
    return Number(candle.close) >= Number(candle.open) ? up : down;
  }

  /**
   * A hollow candle would lend its label the colour of the ground.
   * @param {Candle} candle
   */
  #lastPrice(candle) {
    this.candles.applyOptions({ priceLineColor: this.#colour(candle) });
  }
}

/** @param {Candle} candle */
function point(candle) {
  const vwap = candle.vwap ?? Number(candle.quote_volume) / Number(candle.volume);
  return Number.isFinite(Number(vwap))
    ? { time: stamp(candle.open_time), value: Number(vwap) }
    : { time: stamp(candle.open_time) };
}

/** @param {number} ms */
const stamp = (ms) => /** @type {Time} */ (ms / 1_000);

/** What the theme's colours are now: a variable's own text is not yet one. */
function coloursNow() {
  const probe = document.body.appendChild(document.createElement("i"));
  const read = (/** @type {string} */ name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = {
    ...{ surface: read("surface"), quiet: read("quiet"), line: read("line"), accent: read("accent") },
    ...{ up: read("up"), down: read("down"), warn: read("warn") },
  };
  probe.remove();
  return found;
}
