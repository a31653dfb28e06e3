// Which symbols are shown, and in which order. Pure.

import { splitSymbol } from "../format.js";

/** @typedef {import("./quotes.js").Quote} Quote */
/** @typedef {"symbol" | "last" | "change" | "volume" | "trades"} Column */
/** @typedef {{column: Column, falling: boolean}} Order */

const DOLLARS = ["USDT", "USDC", "FDUSD", "TUSD"];

/**
 * What one unit of each quote asset is worth in dollars, by the board's own prices; 0: no price leads there.
 * @param {Map<string, Quote>} quotes
 * @returns {(asset: string) => number}
 */
export function dollarsPer(quotes) {
  return (asset) => {
    if (DOLLARS.includes(asset)) return 1;
    const pair = DOLLARS.map((dollar) => quotes.get(asset + dollar)?.last).find(Boolean);
    return Number(pair ?? 0);
  };
}

/**
 * Names of what is to be seen, favourites first. What is not known comes last, whichever way it is sorted.
 * @param {Map<string, Quote>} quotes
 * @param {{order: Order, filter: string, favourites: Set<string>, favouritesOnly: boolean}} wish
 * @returns {string[]}
 */
export function arranged(quotes, { order, filter, favourites, favouritesOnly }) {
  const wanted = filter.trim().toUpperCase().replace("/", "");
  const seen = [...quotes.values()].filter(
    ({ symbol }) => symbol.includes(wanted) && (!favouritesOnly || favourites.has(symbol)),
  );
  const rate = dollarsPer(quotes);
  const keys = new Map(seen.map((quote) => [quote.symbol, keyOf(quote, order.column, rate)]));
  const sign = order.falling ? -1 : 1;
  return seen
    .map(({ symbol }) => symbol)
    .sort((a, b) => {
      const pinned = Number(favourites.has(b)) - Number(favourites.has(a));
      return pinned || compared(keys.get(a) ?? null, keys.get(b) ?? null, sign) || (a < b ? -1 : 1);
    });
}

/**
 * @param {Quote} quote
 * @param {Column} column
 * @param {(asset: string) => number} rate
 * @returns {string | number | null}
 */
function keyOf(quote, column, rate) {
  if (column === "symbol") return quote.symbol;
  if (column === "trades") return quote.trades;
  if (column === "volume") {
    return quote.quoteVolume === null ? null : Number(quote.quoteVolume) * rate(splitSymbol(quote.symbol)[1]);
  }
  const amount = column === "last" ? quote.last : quote.change;
  return amount === null ? null : Number(amount);
}

/**
 * @param {string | number | null} a
 * @param {string | number | null} b
 * @param {number} sign
 */
function compared(a, b, sign) {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -sign : sign;
}
