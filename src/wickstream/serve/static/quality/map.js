// The panel of the heat map: what is asked, how much of it has come, and what its colours mean.

import { question } from "../address.js";
import { ask, Unanswered } from "../api.js";
import { element } from "../dom.js";
import { count, day, minute } from "../format.js";
import { stateLine, tell } from "../states.js";
import { Grid } from "./grid.js";
import { byDay, bySymbol, HOUR_MS } from "./rows.js";
import { LETTERS, MEANINGS, STATES } from "./states.js";

/** @typedef {import("./states.js").Hour} Hour */

const EVERY_MS = 30_000;
const AGAIN_MS = 3_000;
const PAGE = 1_000;

export class HeatMap {
  /** @param {(hour: Hour) => void} onChoose */
  constructor(onChoose) {
    this.grid = new Grid(onChoose);
    this.notice = stateLine("loading", "Counting minutes…");
    this.sum = element("p", { class: "sum", role: "status" });
    this.element = element("div", { class: "map" }, this.sum, this.grid.element, this.notice, legend());
    this.asked = { symbol: "", days: 1, end: /** @type {number | null} */ (null), trouble: false };
    this.chosen = "";
    this.ending = new AbortController();
    this.again = 0;
    /** @type {Hour[]} */
    this.hours = [];
    this.last = 0; // open time of the newest hour that is shown
    this.newest = Date.now(); // of the newest that there is, as far as that is known
  }

  /** @param {Partial<HeatMap["asked"]>} asked */
  begin(asked) {
    Object.assign(this.asked, asked);
    this.end();
    this.ending = new AbortController();
    this.hours = [];
    tell(this.notice, "loading", "Counting minutes…");
    this.#ask(this.ending.signal);
  }

  /** @param {Partial<HeatMap["asked"]>} asked of what is here already */
  arrange(asked) {
    Object.assign(this.asked, asked);
    this.#show();
  }

  /** @param {string} chosen symbol and hour */
  mark(chosen) {
    this.chosen = chosen;
    this.grid.mark(chosen);
  }

  end() {
    this.ending.abort();
    clearTimeout(this.again);
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    let pause = EVERY_MS;
    try {
      if (!document.hidden || !this.hours.length) await this.#pages(signal);
      tell(
        this.notice,
        "empty",
        this.hours.length ? "" : "No hour to show: nothing was closed yet, or PostgreSQL has let it go.",
      );
    } catch (error) {
      if (!(error instanceof Unanswered)) return;
      const [mood, words] = this.hours.length
        ? ["stale", `Not up to date. ${error.message}`]
        : ["error", error.message];
      tell(this.notice, /** @type {"stale" | "error"} */ (mood), words ?? "");
      pause = AGAIN_MS;
    }
    if (!signal.aborted) this.again = setTimeout(() => this.#ask(signal), pause);
  }

  /**
   * All pages, one behind the other; those that came first are shown meanwhile, if there was nothing.
   * @param {AbortSignal} signal
   */
  async #pages(signal) {
    const { symbol, days, end } = this.asked;
    const until = end === null ? null : end + HOUR_MS - 60_000;
    const now = until ?? (await this.#newest(signal));
    const start = Math.floor(now / HOUR_MS) * HOUR_MS - (days * 24 - 1) * HOUR_MS;
    /** @type {Hour[]} */
    const hours = [];
    const isFirst = !this.hours.length;
    for (let cursor = "", isMore = true; isMore; ) {
      const page = await ask(
        question("/api/v1/system/integrity", { symbol, start, end: until, limit: PAGE, cursor }),
        signal,
      );
      hours.push(...page.data);
      this.last = Math.floor((until ?? page.end) / HOUR_MS) * HOUR_MS;
      if (end === null) this.newest = this.last;
      cursor = page.next_cursor ?? "";
      isMore = cursor !== "";
      if (isFirst || !isMore) this.#take(hours);
    }
  }

  /**
   * The newest minute that is counted, as the API knows it: a replay has a time of its own.
   * @param {AbortSignal} signal
   */
  async #newest(signal) {
    const { end } = await ask(question("/api/v1/system/integrity", { symbol: this.asked.symbol, limit: 1 }), signal);
    return end;
  }

  /** @param {Hour[]} hours */
  #take(hours) {
    this.hours = hours;
    this.#show();
  }

  #show() {
    const { symbol, days, trouble } = this.asked;
    const isOfOne = symbol !== "" && days > 1;
    const { columns, rows } = isOfOne ? byDay(this.hours) : bySymbol(this.hours, this.last, trouble);
    const caption = isOfOne
      ? `Hours of ${symbol}, a row a day`
      : `Hours of each symbol, until ${day(this.last)}, ${minute(this.last + HOUR_MS)}`;
    this.grid.element.hidden = !rows.length;
    this.grid.show(caption, isOfOne ? "Day" : "Symbol", columns, rows, this.chosen);
    const total = (/** @type {(hour: Hour) => number} */ of) => this.hours.reduce((sum, hour) => sum + of(hour), 0);
    const [minutes, missing, halted, repaired] = [
      total((hour) => hour.minutes),
      total((hour) => hour.missing),
      total((hour) => hour.halted),
      total((hour) => hour.repaired),
    ];
    const others = [repaired ? `${count(repaired)} repaired` : "", halted ? `${count(halted)} halted` : ""]
      .filter(Boolean)
      .join(", ");
    const whole = missing
      ? `${count(missing)} of ${count(minutes)} minutes are missing`
      : `All ${count(minutes)} minutes are accounted for`;
    this.sum.textContent = minutes
      ? `${whole}${others ? `; ${others}` : ""}.${trouble && !rows.length ? " No symbol had trouble." : ""}`
      : "";
  }
}

/** What letters and colours mean. */
function legend() {
  const items = STATES.map((state) =>
    element(
      "li",
      {},
      element("span", { class: "key", "data-state": state, "aria-hidden": "true" }, LETTERS[state]),
      element("strong", {}, state),
      ` ${MEANINGS[state]}`,
    ),
  );
  return element("ul", { class: "map-legend", "aria-label": "What the letters mean" }, ...items.reverse());
}
