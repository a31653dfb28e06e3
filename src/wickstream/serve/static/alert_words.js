// What an alert says, in words, from its facts.

import { count, decimals, percent, price, splitSymbol, sum } from "./format.js";

/**
 * An alert as the API and the stream give it.
 * @typedef {object} Alert
 * @property {string} alert_id
 * @property {"whale" | "sweep" | "volume_spike" | "price_spike"} type
 * @property {string} symbol
 * @property {number} at
 * @property {string} value
 * @property {string} threshold
 * @property {Record<string, any>} facts
 */

export const TYPES = { whale: "Whale", sweep: "Sweep", volume_spike: "Volume spike", price_spike: "Price spike" };

/**
 * "buy" or "sell"; "": it is no order.
 * @param {Alert} alert
 * @returns {string}
 */
export const sideOf = (alert) => alert.facts.side ?? "";

/**
 * A heading: "Whale buy", "Volume spike".
 * @param {Alert} alert
 */
export const headline = (alert) => [TYPES[alert.type] ?? alert.type, sideOf(alert)].filter(Boolean).join(" ");

/**
 * What made it one: "6.93716 BTC at 61,570.00, worth $427.12K".
 * @param {Alert} alert
 */
export function explained(alert) {
  const { facts, symbol } = alert;
  const [base] = splitSymbol(symbol);
  const exact = (/** @type {string} */ amount) => price(amount, decimals(symbol));
  switch (alert.type) {
    case "whale":
      return `${price(facts.quantity, 0)} ${base} at ${exact(facts.price)}, worth $${sum(alert.value)}`;
    case "sweep":
      return (
        `${price(facts.quantity, 0)} ${base} in ${count(facts.trades)} trades from ${exact(facts.first_price)} ` +
        `to ${exact(facts.last_price)}, worth $${sum(alert.value)}`
      );
    case "volume_spike":
      return `$${sum(alert.value)} in one minute and ${count(facts.trades)} trades, more than $${sum(alert.threshold)}`;
    default:
      return `${percent(alert.value)} away from the minute’s open, more than ${price(alert.threshold, 0)} %`;
  }
}
