// Beside the heat map: what the chosen hour holds, minute by minute, with its evidence.

import { question } from "../address.js";
import { keepAsking } from "../api.js";
import { element } from "../dom.js";
import { count, day, minute, moment } from "../format.js";
import { stateLine, tell } from "../states.js";
import { told } from "./gaps.js";
import { LETTERS, STATES, span, tally } from "./states.js";

const EVERY_MS = 10_000;
const SHOWN = 20;

/** @typedef {{open_time: number, state: import("./states.js").State, trade_count: number | null, first_trade_id: number | null, last_trade_id: number | null, revision: number | null, origin: string | null, published_at: number | null}} Minute */

export class HourPanel {
  constructor() {
    this.heading = element("h2", { tabindex: -1 }, "One hour");
    this.content = element("div", { class: "hour" });
    this.notice = stateLine(
      "empty",
      "Choose an hour in the map: here is then what became of each of its minutes, and the evidence.",
    );
    this.element = element(
      "section",
      { class: "panel hour-panel", "aria-label": "The chosen hour" },
      this.heading,
      this.notice,
      this.content,
    );
    this.stop = () => {};
  }

  /**
   * @param {string} symbol
   * @param {number} open epoch ms
   */
  show(symbol, open) {
    this.stop();
    this.heading.textContent = `${symbol} · ${day(open)}, ${span(open)}`;
    this.content.replaceChildren();
    tell(this.notice, "loading", "Loading the hour…");
    const path = question(`/api/v1/system/integrity/${encodeURIComponent(symbol)}`, { at: open });
    let before = "";
    this.stop = keepAsking(
      path,
      EVERY_MS,
      (answer) => {
        const now = JSON.stringify([answer.data, answer.gaps]);
        if (now !== before) this.#fill(answer.data, answer.gaps);
        before = now;
      },
      (error) => tell(this.notice, "error", error.message),
    );
  }

  /**
   * @param {Minute[]} minutes
   * @param {import("./states.js").Gap[]} gaps
   */
  #fill(minutes, gaps) {
    tell(
      this.notice,
      "empty",
      minutes.length
        ? ""
        : "Nothing was to be had in this hour: the symbol was not followed, or the hour is older than what PostgreSQL keeps.",
    );
    if (!minutes.length && !gaps.length) return this.content.replaceChildren();
    const counts = /** @type {Record<import("./states.js").State, number>} */ (
      Object.fromEntries(STATES.map((state) => [state, minutes.filter((one) => one.state === state).length]))
    );
    const entries = gaps.length
      ? element("ul", { class: "entries" }, ...gaps.map(told))
      : element("p", { class: "hint" }, "The ledger has no entry for this hour.");
    this.content.replaceChildren(
      element("p", { class: "sum" }, `${count(minutes.length)} minutes: ${tally(counts)}.`),
      strip(minutes),
      ...exceptions(minutes.filter((one) => one.state !== "complete" && one.state !== "quiet")),
      element("h3", {}, "Evidence"),
      entries,
    );
  }

  end() {
    this.stop();
  }
}

/** @param {Minute[]} minutes */
function strip(minutes) {
  const boxes = minutes.map((one) =>
    element(
      "li",
      { "data-state": one.state, title: `${minute(one.open_time)} ${one.state}` },
      element("span", { class: "unseen" }, `${minute(one.open_time)} ${one.state}`),
      element("span", { "aria-hidden": "true" }, LETTERS[one.state]),
    ),
  );
  return element("ol", { class: "strip", "aria-label": "Minutes" }, ...boxes);
}

/** @param {Minute[]} minutes */
function exceptions(minutes) {
  if (!minutes.length) return [];
  const rows = minutes.slice(0, SHOWN).map((one) => {
    const ids = one.first_trade_id === null ? "–" : `${one.first_trade_id}–${one.last_trade_id}`;
    return element(
      "li",
      {},
      element("span", { class: "number" }, minute(one.open_time)),
      " ",
      element("strong", {}, one.state),
      ` ${about(one)}`,
      one.trade_count ? element("span", { class: "ids number" }, `ids ${ids}`) : null,
    );
  });
  const rest = minutes.length > SHOWN ? [element("p", { class: "hint" }, `And ${minutes.length - SHOWN} more.`)] : [];
  return [element("ul", { class: "exceptions" }, ...rows), ...rest];
}

/** @param {Minute} one */
function about(one) {
  if (one.state === "repaired")
    return `in revision ${one.revision}, ${count(one.trade_count)} trades, published ${moment(one.published_at ?? 0)}`;
  if (one.state === "halted") return "by the exchange’s word";
  return one.trade_count === null ? "with no candle at all" : `with an open candle of ${count(one.trade_count)} trades`;
}
