// The ledger, page by page.

import { question } from "../address.js";
import { ask, Unanswered } from "../api.js";
import { element } from "../dom.js";
import { choice } from "../fields.js";
import { stateLine, tell } from "../states.js";
import { row } from "./gaps.js";
import { STATUSES } from "./states.js";

const PAGE = 25;
const COLUMNS = ["Noticed", "Symbol", "Status", "What", "From", "Evidence"];

export class Ledger {
  /**
   * @param {string} symbol "": of all
   * @param {string} status "": any
   * @param {(gap: import("./states.js").Gap) => void} onChoose
   * @param {(status: string) => void} onStatus
   */
  constructor(symbol, status, onChoose, onStatus) {
    this.asked = { symbol, status };
    this.onChoose = onChoose;
    this.ending = new AbortController();
    /** @type {string | null} */
    this.cursor = null;
    this.body = element("tbody");
    this.notice = stateLine("loading", "Loading the ledger…");
    this.more = element("button", { type: "button", class: "more", hidden: true }, "Older entries");
    this.more.addEventListener("click", () => this.#page());
    const statuses = /** @type {[string, string][]} */ ([
      ["", "Any"],
      ...Object.keys(STATUSES).map((name) => [name, name.replace("_", " ")]),
    ]);
    const field = choice("Status", statuses, status, (chosen) => {
      onStatus(chosen);
      this.begin(chosen);
    });
    const head = element(
      "thead",
      {},
      element("tr", {}, ...COLUMNS.map((words) => element("th", { scope: "col" }, words))),
    );
    const table = element("table", { class: "ledger" }, head, this.body);
    const heading = element(
      "div",
      { class: "heading" },
      element("h2", {}, "The ledger"),
      element("div", { class: "tools" }, field.element),
    );
    this.element = element(
      "section",
      { class: "panel", "aria-label": "The ledger" },
      heading,
      table,
      this.notice,
      this.more,
    );
    this.table = table;
  }

  /** @param {string} [status] */
  begin(status = this.asked.status) {
    this.asked.status = status;
    this.cursor = null;
    this.body.replaceChildren();
    tell(this.notice, "loading", "Loading the ledger…");
    this.#page();
  }

  end() {
    this.ending.abort();
    clearTimeout(this.again);
  }

  async #page() {
    clearTimeout(this.again);
    const asked = { ...this.asked };
    this.more.disabled = true;
    try {
      const page = await ask(
        question("/api/v1/system/gaps", { ...asked, limit: PAGE, cursor: this.cursor }),
        this.ending.signal,
      );
      if (asked.status === this.asked.status) this.#take(page);
    } catch (error) {
      if (!(error instanceof Unanswered)) return;
      tell(this.notice, "error", error.message);
      this.again = setTimeout(() => this.#page(), 3_000);
    } finally {
      this.more.disabled = false;
    }
  }

  /** @param {any} page */
  #take({ data, next_cursor }) {
    this.body.append(...data.map((/** @type {any} */ gap) => row(gap, this.onChoose)));
    this.cursor = next_cursor ?? null;
    this.more.hidden = !this.cursor;
    this.table.hidden = !this.body.childElementCount;
    const of = this.asked.symbol ? ` of ${this.asked.symbol}` : "";
    const nothing = this.asked.status
      ? `No entry${of} has this status.`
      : `No entry${of}: no id was ever missing, and nothing was halted.`;
    tell(this.notice, "empty", this.body.childElementCount ? "" : nothing);
  }
}
