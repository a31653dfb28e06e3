// The heat map: a table whose cells are hours, walked through by arrows.

import { element } from "../dom.js";
import { day } from "../format.js";
import { LETTERS, span, stateOf, tally } from "./states.js";

/** @typedef {import("./states.js").Hour} Hour */
/** @typedef {{key: string, head: string, link: string | null, hours: (Hour | undefined)[]}} Row */

const MOVES = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  Home: [0, -Infinity],
  End: [0, Infinity],
});

export class Grid {
  /** @param {(hour: Hour) => void} onChoose */
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.caption = element("caption", { class: "unseen" });
    this.head = element("thead");
    this.body = element("tbody");
    this.table = element("table", { class: "heat", role: "grid" }, this.caption, this.head, this.body);
    this.element = element("div", { class: "heat-frame" }, this.table);
    /** @type {HTMLElement[][]} */
    this.cells = [];
    /** @type {WeakMap<Element, Hour>} */
    this.hours = new WeakMap();
    this.at = [0, 0];
    this.table.addEventListener("keydown", (event) => this.#key(event));
    this.table.addEventListener(
      "click",
      ({ target }) => target instanceof Element && this.#choose(target.closest("td")),
    );
  }

  /**
   * @param {string} caption what a screen reader says of the whole
   * @param {string} corner above the heads of rows
   * @param {string[]} columns
   * @param {Row[]} rows
   * @param {string} chosen symbol and hour
   */
  show(caption, corner, columns, rows, chosen) {
    const hadFocus = this.body.contains(document.activeElement);
    this.caption.textContent = caption;
    const heads = columns.map((words, index) =>
      element("th", { scope: "col", "data-part": index % 3 ? "minor" : null }, words),
    );
    this.head.replaceChildren(element("tr", {}, element("th", { scope: "col" }, corner), ...heads));
    this.cells = rows.map((row) => row.hours.map((hour) => this.#cell(hour, chosen)));
    this.body.replaceChildren(
      ...rows.map((row, index) => {
        const name = row.link ? element("a", { href: row.link }, row.head) : row.head;
        return element(
          "tr",
          { "data-row": row.key },
          element("th", { scope: "row" }, name),
          ...(this.cells[index] ?? []),
        );
      }),
    );
    this.#stand(...this.#nearest(this.at[0] ?? 0, this.at[1] ?? 0), hadFocus);
  }

  /** @param {string} chosen symbol and hour */
  mark(chosen) {
    for (const cell of this.cells.flat()) cell.setAttribute("aria-selected", String(this.#name(cell) === chosen));
  }

  /** @param {Element} cell */
  #name(cell) {
    const hour = this.hours.get(cell);
    return hour ? `${hour.symbol} ${hour.open_time}` : "";
  }

  /**
   * @param {Hour | undefined} hour
   * @param {string} chosen
   */
  #cell(hour, chosen) {
    const state = stateOf(hour);
    const told = hour
      ? `${hour.symbol}, ${day(hour.open_time)}, ${span(hour.open_time)}: ${tally(hour)}${hour.unproven ? `, ${hour.unproven} unproven` : ""}`
      : "not followed";
    const cell = element(
      "td",
      { tabindex: -1, "data-state": state, "aria-label": told, title: hour ? told : null },
      LETTERS[state],
    );
    if (hour) {
      this.hours.set(cell, hour);
      cell.setAttribute("aria-selected", String(this.#name(cell) === chosen));
    }
    return cell;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const cell = event.target instanceof Element ? event.target.closest("td") : null;
    if (!cell || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return this.#choose(cell);
    }
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const row = this.cells.findIndex((cells) => cells.includes(cell));
    const column = this.cells[row]?.indexOf(cell) ?? 0;
    const top = event.ctrlKey && (event.key === "Home" || event.key === "End") ? move[1] : move[0];
    this.#stand(...this.#nearest(row + top, column + move[1]), true);
  }

  /**
   * @param {number} row
   * @param {number} column
   * @returns {[number, number]}
   */
  #nearest(row, column) {
    const within = (/** @type {number} */ place, /** @type {number} */ size) =>
      Math.min(Math.max(place, 0), Math.max(size - 1, 0));
    const rows = within(row, this.cells.length);
    return [rows, within(column, this.cells[rows]?.length ?? 0)];
  }

  /**
   * One cell is reached by Tab, the others from there.
   * @param {number} row
   * @param {number} column
   * @param {boolean} isFocused
   */
  #stand(row, column, isFocused) {
    this.cells[this.at[0] ?? 0]?.[this.at[1] ?? 0]?.setAttribute("tabindex", "-1");
    this.at = [row, column];
    const cell = this.cells[row]?.[column];
    cell?.setAttribute("tabindex", "0");
    if (isFocused) cell?.focus();
  }

  /** @param {Element | null} cell */
  #choose(cell) {
    const hour = cell && this.hours.get(cell);
    if (!hour) return;
    const row = this.cells.findIndex((cells) => cells.includes(/** @type {HTMLElement} */ (cell)));
    this.#stand(row, this.cells[row]?.indexOf(/** @type {HTMLElement} */ (cell)) ?? 0, true);
    this.mark(`${hour.symbol} ${hour.open_time}`);
    this.onChoose(hour);
  }
}
