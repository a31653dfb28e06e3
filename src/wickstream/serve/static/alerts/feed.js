// The feed of alerts: what is stored, newest first, and what comes while one looks.

import { question } from "../address.js";
import { ask, Unanswered } from "../api.js";
import { element } from "../dom.js";
import { day } from "../format.js";
import { stateLine, tell } from "../states.js";
import { entry } from "./entry.js";

/** @typedef {import("./entry.js").Alert} Alert */
/** @typedef {{type: string, symbol: string, min: string}} Filter */

const PAGE = 50;
const AGAIN_MS = 3_000;
const MOST = 500; // of those that came by themselves the oldest go

/**
 * Whether the API would have given it, had it been asked.
 * @param {Alert} alert
 * @param {Filter} filter
 */
export function passes(alert, filter) {
  return (
    (!filter.type || alert.type === filter.type) &&
    (!filter.symbol || alert.symbol === filter.symbol) &&
    (!filter.min || Number(alert.value) >= Number(filter.min))
  );
}

export class Feed {
  constructor() {
    this.list = element("ol", { class: "alerts" });
    this.notice = stateLine("loading", "Loading alerts…");
    this.news = element("p", { class: "unseen", role: "status" });
    this.more = element("button", { type: "button", class: "more", hidden: true }, "Older alerts");
    this.more.addEventListener("click", () => this.#older());
    this.element = element(
      "section",
      { class: "panel", "aria-label": "Alerts" },
      this.list,
      this.notice,
      this.news,
      this.more,
    );
    /** @type {Map<string, HTMLElement>} */
    this.shown = new Map();
    /** @type {Filter} */
    this.filter = { type: "", symbol: "", min: "" };
    /** @type {string | null} */
    this.cursor = null;
    this.asking = new AbortController();
    this.again = 0;
  }

  /**
   * Begin anew with another filter, or after the connection was lost.
   * @param {Filter} [filter]
   */
  async begin(filter = this.filter) {
    this.end();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.filter = filter;
    if (!this.shown.size && this.notice.dataset.mood !== "error") tell(this.notice, "loading", "Loading alerts…");
    const page = await this.#page(null);
    if (signal.aborted) return;
    if (!page) {
      this.again = setTimeout(() => this.begin(), AGAIN_MS);
      return;
    }
    this.shown.clear();
    this.list.replaceChildren();
    this.#take(page);
    const narrowed = filter.type || filter.symbol || filter.min;
    const nothing = narrowed
      ? "No alert fits this filter yet."
      : "No alert yet: nothing large has happened since the start.";
    tell(this.notice, "empty", this.shown.size ? "" : nothing);
  }

  /** @param {Alert} alert as it was pushed */
  hear(alert) {
    if (!passes(alert, this.filter)) return;
    const made = entry(alert);
    const before = this.shown.get(alert.alert_id);
    if (before) return before.replaceWith(this.#keep(alert, made)); // a minute's last word takes the place of its first
    made.classList.add("fresh");
    this.#dayBefore(alert, this.list.firstElementChild);
    this.list.querySelector("li.day")?.after(this.#keep(alert, made));
    this.news.textContent = `${made.querySelector(".kind")?.textContent} ${alert.symbol}`;
    tell(this.notice, "empty", "");
    if (this.shown.size > MOST) this.#forgetOldest();
  }

  end() {
    this.asking.abort();
    clearTimeout(this.again);
  }

  /**
   * @param {Alert} alert
   * @param {HTMLElement} made
   */
  #keep(alert, made) {
    this.shown.set(alert.alert_id, made);
    return made;
  }

  /** @param {{data: Alert[], next_cursor?: string}} page */
  #take({ data, next_cursor }) {
    for (const alert of data) {
      if (this.shown.has(alert.alert_id)) continue;
      this.#dayBefore(alert, null);
      this.list.append(this.#keep(alert, entry(alert)));
    }
    this.cursor = next_cursor ?? null;
    this.more.hidden = !this.cursor;
  }

  /**
   * A heading wherever another day begins; above the first of the list where an alert comes by itself.
   * @param {Alert} alert
   * @param {Element | null} place
   */
  #dayBefore(alert, place) {
    const heads = [...this.list.querySelectorAll("li.day")];
    const near = place ? heads[0] : heads.at(-1);
    if (near?.textContent === day(alert.at)) return;
    this.list.insertBefore(element("li", { class: "day" }, day(alert.at)), place);
  }

  #forgetOldest() {
    const [oldest] = [...this.shown.entries()].sort(([, one], [, other]) => this.#order(other) - this.#order(one));
    if (!oldest) return;
    oldest[1].remove();
    this.shown.delete(oldest[0]);
    this.more.hidden = true; // what the cursor goes on behind is gone; the filter begins anew
  }

  /** @param {HTMLElement} made */
  #order(made) {
    return [...this.list.children].indexOf(made);
  }

  async #older() {
    this.more.disabled = true;
    const page = await this.#page(this.cursor);
    this.more.disabled = false;
    if (page) this.#take(page);
  }

  /**
   * @param {string | null} cursor
   * @returns {Promise<any>} null: it was said why there is none
   */
  async #page(cursor) {
    const { type, symbol, min } = this.filter;
    const asked = { type, symbol, min_value: min, limit: PAGE, cursor };
    try {
      return await ask(question("/api/v1/analytics/alerts", asked), this.asking.signal);
    } catch (error) {
      if (error instanceof Unanswered) tell(this.notice, "error", error.message);
      return null;
    }
  }
}
