// The table of all symbols: one row each, changed in place so that focus and layout stay.

import { count, decimalsOf, direction, percent, price, splitSymbol, volume } from "./format.js";

const STALE_MS = 10_000;
const FLASH_MS = 350;

export class Board {
  constructor(body, notice, { onChoose }) {
    this.body = body;
    this.notice = notice;
    this.rows = new Map();
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row) onChoose(row.dataset.symbol);
    });
    body.addEventListener("keydown", (event) => this.#walk(event));
  }

  show(entries) {
    for (const entry of entries) this.#fill(this.rows.get(entry.symbol) ?? this.#add(entry.symbol), entry);
    this.notice.textContent = entries.length ? "" : "No symbol is followed yet.";
  }

  fail(words) {
    if (!this.rows.size) this.notice.textContent = words;
    for (const row of this.rows.values()) row.element.dataset.stale = "";
  }

  choose(symbol) {
    for (const [name, row] of this.rows) row.element.setAttribute("aria-current", String(name === symbol));
  }

  decimals(symbol) {
    return this.rows.get(symbol)?.decimals ?? 2;
  }

  #add(symbol) {
    const element = document.createElement("tr");
    element.dataset.symbol = symbol;
    const head = document.createElement("th");
    head.scope = "row";
    const link = document.createElement("a");
    link.href = `#${symbol}`;
    const [base, quote] = splitSymbol(symbol);
    const small = document.createElement("small");
    small.textContent = quote;
    link.append(base, small);
    head.append(link);
    const cells = Array.from({ length: 4 }, () => document.createElement("td"));
    cells[3].className = "wide";
    const last = document.createElement("span"); // what flashes: smaller than its cell
    cells[0].append(last);
    element.append(head, ...cells);
    this.body.append(element);
    const row = { element, shown: [last, ...cells.slice(1)], decimals: 2, last: null };
    this.rows.set(symbol, row);
    return row;
  }

  #fill(row, entry) {
    const [last, change, traded, trades] = row.shown;
    const known = entry.last_price !== null;
    if (known) row.decimals = Math.max(row.decimals, decimalsOf(entry.last_price));
    last.textContent = known ? price(entry.last_price, row.decimals) : "–";
    change.textContent = entry.price_change_pct === null ? "–" : percent(entry.price_change_pct);
    change.className = entry.price_change_pct === null ? "" : direction(entry.price_change_pct);
    traded.textContent = entry.quote_volume === null ? "–" : volume(entry.quote_volume);
    trades.textContent = entry.trade_count === null ? "–" : count(entry.trade_count);
    row.element.toggleAttribute("data-stale", !known || entry.age_ms > STALE_MS);
    flash(last, row.last, entry.last_price);
    row.last = entry.last_price;
  }

  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = [...this.body.querySelectorAll("a")];
    links[links.indexOf(document.activeElement) + step]?.focus();
    event.preventDefault();
  }
}

function flash(mark, before, now) {
  if (before === null || now === null || before === now) return;
  mark.dataset.flash = Number(now) > Number(before) ? "up" : "down";
  setTimeout(() => delete mark.dataset.flash, FLASH_MS);
}
