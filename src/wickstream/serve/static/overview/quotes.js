// What is known of each symbol: from the board's answers, and from the small tickers that are pushed between them.

/**
 * @typedef {object} Quote
 * @property {string} symbol
 * @property {string | null} last
 * @property {string | null} change over 24 hours, percent
 * @property {string | null} quoteVolume over 24 hours
 * @property {number | null} trades over 24 hours
 * @property {number} heardAt by `performance.now()`; -Infinity: nothing was ever heard
 */

/** @typedef {{s: string, c: string, o: string, q: string}} MiniTicker */

export class Quotes {
  constructor() {
    /** @type {Map<string, Quote>} */
    this.all = new Map();
  }

  /**
   * A whole answer of `/market/realtime`.
   * @param {any[]} rows
   * @param {number} now
   */
  take(rows, now) {
    for (const row of rows) {
      this.all.set(row.symbol, {
        symbol: row.symbol,
        last: row.last_price,
        change: row.price_change_pct,
        quoteVolume: row.quote_volume,
        trades: row.trade_count,
        heardAt: row.age_ms === null ? Number.NEGATIVE_INFINITY : now - row.age_ms,
      });
    }
    const told = new Set(rows.map((row) => row.symbol));
    for (const symbol of this.all.keys()) if (!told.has(symbol)) this.all.delete(symbol);
  }

  /**
   * Tickers of symbols that are on the board; others come with its next answer.
   * @param {MiniTicker[]} tickers
   * @param {number} now
   * @returns {string[]} those that changed
   */
  hear(tickers, now) {
    const changed = [];
    for (const { s: symbol, c: last, o: open, q: quoteVolume } of tickers) {
      const quote = this.all.get(symbol);
      if (!quote) continue;
      Object.assign(quote, { last, quoteVolume, change: changeOf(open, last), heardAt: now });
      changed.push(symbol);
    }
    return changed;
  }
}

/**
 * Percent with three decimals, as the exchange gives it.
 * @param {string} open
 * @param {string} last
 */
export function changeOf(open, last) {
  return Number(open) ? ((100 * (Number(last) - Number(open))) / Number(open)).toFixed(3) : null;
}
