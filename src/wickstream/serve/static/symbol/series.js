// Candles of one symbol and interval: pages of the API and frames of the stream in one series, each window once. Pure.

/**
 * A candle as the API gives it; what a stream does not tell is null.
 * @typedef {object} Candle
 * @property {number} open_time
 * @property {number} close_time
 * @property {string} open
 * @property {string} high
 * @property {string} low
 * @property {string} close
 * @property {string} volume
 * @property {string} quote_volume
 * @property {number} trade_count
 * @property {string} taker_buy_volume
 * @property {string} taker_buy_quote_volume
 * @property {number | null} first_trade_id
 * @property {number | null} last_trade_id
 * @property {boolean} closed
 * @property {number} revision
 * @property {string | null} origin
 * @property {string | null} vwap
 */

const MINUTE_MS = 60_000;
const MOST_BLANKS = 1_500; // of one hole; a longer one is drawn as shorter

/** @type {Record<string, number>} */
export const INTERVALS = {
  ...{ "1m": MINUTE_MS, "5m": 5 * MINUTE_MS, "15m": 15 * MINUTE_MS, "30m": 30 * MINUTE_MS },
  ...{ "1h": 60 * MINUTE_MS, "4h": 240 * MINUTE_MS, "1d": 1_440 * MINUTE_MS },
};

/**
 * What a kline frame says, as a candle.
 * @param {any} k
 * @returns {Candle}
 */
export function candleOf(k) {
  return {
    open_time: k.t,
    close_time: k.T,
    open: k.o,
    high: k.h,
    low: k.l,
    close: k.c,
    volume: k.v,
    quote_volume: k.q,
    trade_count: k.n,
    taker_buy_volume: k.V,
    taker_buy_quote_volume: k.Q,
    first_trade_id: k.f < 0 ? null : k.f,
    last_trade_id: k.L < 0 ? null : k.L,
    closed: k.x,
    revision: 0,
    origin: null,
    vwap: null,
  };
}

export class Series {
  /** @param {number} stepMs width of a window */
  constructor(stepMs) {
    this.step = stepMs;
    /** @type {Map<number, Candle>} */
    this.candles = new Map();
    this.oldest = Number.POSITIVE_INFINITY;
    this.newest = Number.NEGATIVE_INFINITY;
  }

  /**
   * Take candles in any order; of two of a window the one that says more is kept.
   * @param {Candle[]} candles
   * @returns {number[]} open times of those that changed
   */
  take(candles) {
    const changed = [];
    for (const candle of candles) {
      const held = this.candles.get(candle.open_time);
      if (held && (saysMore(held, candle) || isSame(held, candle))) continue;
      this.candles.set(candle.open_time, candle);
      this.oldest = Math.min(this.oldest, candle.open_time);
      this.newest = Math.max(this.newest, candle.open_time);
      changed.push(candle.open_time);
    }
    return changed.sort((a, b) => a - b);
  }

  /** All in order of time; null and its time where a window has none between others. */
  inOrder() {
    /** @type {{time: number, candle: Candle | null}[]} */
    const all = [];
    for (const time of [...this.candles.keys()].sort((a, b) => a - b)) {
      const before = all.at(-1)?.time ?? time;
      const blanks = Math.min((time - before) / this.step - 1, MOST_BLANKS);
      for (let blank = 1; blank <= blanks; blank += 1) all.push({ time: before + blank * this.step, candle: null });
      all.push({ time, candle: this.candles.get(time) ?? null });
    }
    return all;
  }

  /**
   * The newest candles, the oldest of them first.
   * @param {number} most
   */
  last(most) {
    const found = [];
    for (let time = this.newest; time >= this.oldest && found.length < most; time -= this.step) {
      const candle = this.candles.get(time);
      if (candle) found.unshift(candle);
    }
    return found;
  }
}

/**
 * Whether what is held is newer than what came.
 * @param {Candle} held
 * @param {Candle} candle
 */
function saysMore(held, candle) {
  if (held.revision !== candle.revision && candle.origin !== null) return held.revision > candle.revision;
  if (held.closed !== candle.closed) return held.closed;
  return held.trade_count > candle.trade_count;
}

/**
 * A stream's closed candle says nothing that the API's does not.
 * @param {Candle} held
 * @param {Candle} candle
 */
function isSame(held, candle) {
  const isOlderWord = held.origin !== null && candle.origin === null;
  return held.closed === candle.closed && held.trade_count === candle.trade_count && isOlderWord;
}
