// One alert of the feed: what, how much, and why it was told.

import { explained, headline } from "../alert_words.js";
import { element } from "../dom.js";
import { count, day, percent, price, second } from "../format.js";

/** @typedef {import("../alert_words.js").Alert & {late: boolean, final: boolean}} Alert */

/** @type {Record<string, string>} */
const RULES = {
  whale: "One trade above the threshold of",
  sweep: "One order, filled by several trades with consecutive ids, above the threshold of",
  volume_spike: "The volume of one minute, above the threshold of",
  price_spike: "A move away from the minute’s open, above the threshold of",
};

const ORDER = [
  "side",
  "quantity",
  "price",
  "trades",
  "first_price",
  "last_price",
  "open",
  "high",
  "low",
  "close",
  "vwap",
];

/** @type {Record<string, string>} */
const FACTS = {
  trade_id: "Trade id",
  first_trade_id: "First trade id",
  last_trade_id: "Last trade id",
  quote_value: "Worth, in the quote asset",
  quote_volume: "Volume, in the quote asset",
  taker_buy_quote_volume: "Bought by takers, in the quote asset",
  usd_per_quote: "Dollars for one of the quote asset",
  price_moved_pct: "Price moved by, %",
  change_pct: "Change of the minute, %",
  vwap: "Average price",
};

/** What is told first: a fact that is not in the list comes behind those that are. @param {string} name */
const place = (name) => ORDER.indexOf(name) + 1 || ORDER.length + 1;

/** @param {string} name */
const words = (name) => FACTS[name] ?? `${name[0]?.toUpperCase()}${name.slice(1).replaceAll("_", " ")}`;

/** @param {Alert} alert */
export const size = (alert) =>
  alert.type === "price_spike" ? percent(alert.value) : `$${count(Math.round(Number(alert.value)))}`;

/** @param {Alert} alert */
function threshold(alert) {
  return alert.type === "price_spike" ? `${price(alert.threshold, 0)} %` : `$${price(alert.threshold, 0)}`;
}

/** @param {any} value */
function fact(value) {
  if (typeof value === "string" && /^-?\d+\.\d+$/.test(value)) return price(value.replace(/^-/, "−"), 0);
  return value === null ? "–" : String(value);
}

/**
 * Why the alert was told, with every fact that it carries.
 * @param {Alert} alert
 */
function why(alert) {
  const facts = element("dl", {});
  for (const [name, value] of Object.entries(alert.facts).sort(([one], [other]) => place(one) - place(other))) {
    facts.append(element("div", {}, element("dt", {}, words(name)), element("dd", { class: "number" }, fact(value))));
  }
  const notes = [
    alert.final ? null : "The minute went on when this was told.",
    alert.late ? "It was over a minute old when it was made, so nobody was told." : null,
  ];
  const rule = `${RULES[alert.type] ?? "Above the threshold of"} ${threshold(alert)}.`;
  const summary = element(
    "summary",
    {},
    "Why",
    element("span", { class: "unseen" }, ` ${headline(alert)} ${alert.symbol}`),
  );
  return element("details", {}, summary, element("p", {}, [rule, ...notes].filter(Boolean).join(" ")), facts);
}

/** @param {Alert} alert */
export function entry(alert) {
  return element(
    "li",
    { "data-type": alert.type, "data-side": alert.facts.side ?? null, "data-id": alert.alert_id },
    element("time", { datetime: new Date(alert.at).toISOString(), title: day(alert.at) }, second(alert.at)),
    element("span", { class: "kind" }, headline(alert)),
    element("a", { href: `#/symbol/${encodeURIComponent(alert.symbol)}` }, alert.symbol),
    element("strong", { class: "number" }, size(alert)),
    element("p", { class: "explained" }, explained(alert)),
    why(alert),
  );
}
