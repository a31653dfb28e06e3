// The candles of the view: what is loaded, what comes live, and further back as the reader scrolls.

import { ask, keepAsking, Unanswered } from "../api.js";
import { count, decimals, moment } from "../format.js";
import { listen, whenBack } from "../live.js";
import { candleOf, INTERVALS, Series } from "./series.js";

/** @typedef {import("./series.js").Candle} Candle */
/** @typedef {import("./chart.js").Chart} Chart */

const PAGE = 500;
const FORWARD = 1_000; // what one answer holds
const AHEAD = 60; // so many to the left of the screen, before more are asked for
const NEWEST_MS = 5_000;

/**
 * What the view is told.
 * @typedef {object} Told
 * @property {(candles: Candle[]) => void} onChange the newest changed, or more came; a page that was loaded, or none
 * @property {(mood: import("../states.js").Mood, words: string) => void} say why there is nothing to see; "": there is
 */

export class Candles {
  /**
   * @param {string} symbol
   * @param {string} interval one of INTERVALS
   * @param {Told} told
   */
  constructor(symbol, interval, told) {
    this.symbol = symbol;
    this.interval = interval;
    this.told = told;
    this.series = new Series(INTERVALS[interval] ?? 60_000);
    this.address = `/api/v1/analytics/klines/${encodeURIComponent(symbol)}?interval=${interval}`;
    this.ending = new AbortController();
    this.isBeginning = false; // nothing older is stored
    this.isAsking = false;
    /** @type {Set<number>} */
    this.changed = new Set();
    /** @type {Chart | null} */
    this.chart = null;
    /** @type {number | undefined} a frame in which is drawn */
    this.pending = undefined;
    this.stops = [
      keepAsking(
        () => this.#newest(),
        NEWEST_MS,
        ({ data }) => this.take(data),
        (error) => {
          if (!this.series.candles.size) this.told.say("error", error.message);
        },
      ),
      listen([`${symbol.toLowerCase()}@kline_${interval}`], ({ k }) => this.#hear(candleOf(k))),
      whenBack(() => this.#catchUp()),
    ];
  }

  /** @param {Chart} chart */
  drawOn(chart) {
    this.chart = chart;
    if (this.series.candles.size) this.#drawAll();
    chart.onScroll((left) => {
      if (left < AHEAD) this.older();
    });
  }

  /** How much is loaded, in words for who does not see it. */
  described() {
    const { candles, oldest, newest } = this.series;
    const span = candles.size ? `: ${count(candles.size)} candles from ${moment(oldest)} to ${moment(newest)}` : "";
    return `Candlesticks, volume and VWAP of ${this.symbol}, ${this.interval}${span}`;
  }

  /** Everything that is loaded, in the colours of now. */
  repaint() {
    this.chart?.paint();
    this.chart?.draw(this.series.inOrder());
  }

  /** @param {Candle[]} candles of an answer */
  take(candles) {
    const isFirst = !this.series.candles.size;
    for (const time of this.series.take(candles)) this.changed.add(time);
    if (!this.series.candles.size) this.told.say("empty", "No candle yet: the first trades are on their way.");
    else if (isFirst) this.#drawAll();
    else this.#drawSoon();
    if (isFirst || candles.length > 3) this.told.onChange(candles);
  }

  /** One page further back; not before the last one came, and not beyond the beginning. */
  async older() {
    if (this.isAsking || this.isBeginning || !this.series.candles.size) return;
    this.isAsking = true;
    try {
      const end = this.series.oldest - 1;
      const { data } = await ask(`${this.address}&limit=${PAGE}&end=${end}`, this.ending.signal);
      this.isBeginning = data.length === 0;
      if (!this.isBeginning) this.take(data);
    } catch (error) {
      if (!(error instanceof Unanswered) && !this.ending.signal.aborted) throw error; // the next scroll asks again
    } finally {
      this.isAsking = false;
    }
  }

  end() {
    this.ending.abort();
    for (const stop of this.stops) stop();
    if (this.pending) cancelAnimationFrame(this.pending);
  }

  /** The first page, then what is newer than the last closed candle. */
  #newest() {
    const closed = this.series.last(20).findLast((candle) => candle.closed);
    return closed ? `${this.address}&limit=${FORWARD}&start=${closed.open_time}` : `${this.address}&limit=${PAGE}`;
  }

  /** @param {Candle} candle */
  #hear(candle) {
    if (!this.series.candles.size) return; // the first page is on its way
    const isAhead = candle.open_time > this.series.newest + this.series.step;
    for (const time of this.series.take([candle])) this.changed.add(time);
    this.#drawSoon();
    if (isAhead || candle.closed) this.#catchUp(); // what was not heard, and what the stream does not tell
  }

  async #catchUp() {
    try {
      const { data } = await ask(this.#newest(), this.ending.signal);
      this.take(data);
    } catch (error) {
      if (!(error instanceof Unanswered) && !this.ending.signal.aborted) throw error; // it is asked for every 5 s
    }
  }

  #drawSoon() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = undefined;
      this.#draw();
    });
  }

  #draw() {
    const { chart, series } = this;
    const times = [...this.changed].sort((a, b) => a - b);
    this.changed.clear();
    if (!chart || !times.length) return;
    const follows = times.every((time) => chart.drawn.has(time) || time === chart.newest + series.step);
    if (follows) chart.update(times.map((time) => /** @type {Candle} */ (series.candles.get(time))));
    else chart.draw(series.inOrder());
    this.told.onChange([]);
  }

  #drawAll() {
    if (!this.chart) return;
    this.changed.clear();
    const all = this.series.last(PAGE).flatMap(({ high, low }) => [high, low]);
    this.chart.precision(decimals(this.symbol, ...all));
    this.chart.draw(this.series.inOrder());
    this.chart.showNewest();
    this.told.say("empty", "");
    this.told.onChange([]);
  }
}
