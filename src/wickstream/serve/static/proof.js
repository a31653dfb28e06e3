// The two cards below the chart: the last closed candle with its proof, and the one that is forming.

import { count, minute, price } from "./format.js";

const ORIGINS = {
  trades: "every trade",
  agg: "aggregate trades",
  exchange: "exchange kline",
  archive: "exchange archive",
};

/** The mood, badge and sentence for a closed candle. `before`: the candle of the window before, if there is one. */
export function verdict(candle, before) {
  if (candle.first_trade_id === null) {
    return ["", "taken over", "Taken over from the exchange as it is; its trade ids are not known here."];
  }
  if (candle.origin !== "trades") {
    return ["good", "recomputed", "Exact, from the exchange's aggregate trades; the single trades are not kept here."];
  }
  const ids = candle.last_trade_id - candle.first_trade_id + 1;
  if (ids !== candle.trade_count) {
    return ["good", "proved", `${count(ids - candle.trade_count)} ids in this range are absent on the exchange itself, too.`];
  }
  const chained = before?.closed && before.last_trade_id + 1 === candle.first_trade_id;
  const chain = chained ? " The range follows on the candle before without a hole." : "";
  return ["good", "proved", `Each of the ${count(ids)} ids of this range was counted exactly once.${chain}`];
}

export function showClosed(card, candle, before, decimals) {
  if (!candle) return fill(card, "Last closed candle", [], "", "", "None yet: a candle closes when its last trade is proven.");
  const [mood, badge, why] = verdict(candle, before);
  fill(card, `Closed ${span(candle)}`, [...amounts(candle, decimals), ...proof(candle)], mood, badge, why);
}

export function showForming(card, candle, decimals) {
  if (!candle) return fill(card, "Forming candle", [], "", "", "No trade in the running window yet.");
  const why = "Changes with every trade, until a trade or ticker past its end proves that it is whole.";
  fill(card, `Forming ${span(candle)}`, [...amounts(candle, decimals), ...proof(candle)], "warn", "open", why);
}

const span = (candle) => `${minute(candle.open_time)}–${minute(candle.close_time + 1)}`;

const amounts = (candle, decimals) => [
  ["Open → close", `${price(candle.open, decimals)} → ${price(candle.close, decimals)}`],
  ["Low – high", `${price(candle.low, decimals)} – ${price(candle.high, decimals)}`],
  ["Volume", price(candle.volume, 0)],
  ["Trades", count(candle.trade_count)],
];

const proof = (candle) => [
  ["Trade ids", candle.first_trade_id === null ? "–" : `${candle.first_trade_id} – ${candle.last_trade_id}`],
  ["Origin", ORIGINS[candle.origin] ?? candle.origin],
];

function fill(card, title, facts, mood, badge, why) {
  const heading = element("h3", title);
  if (badge) {
    const mark = element("span", badge, "badge");
    mark.dataset.mood = mood;
    heading.append(mark);
  }
  const list = document.createElement("dl");
  for (const [name, value] of facts) list.append(element("dt", name), element("dd", value));
  card.replaceChildren(heading, list, element("p", why, "why"));
}

function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}
