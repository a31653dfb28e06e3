// How far the data can be trusted: hours by what became of them, the ledger with its evidence, the last proofs.

import { keepAddress } from "../address.js";
import { ask } from "../api.js";
import { element } from "../dom.js";
import { choice, suggestSymbols, typed } from "../fields.js";
import { HourPanel } from "../quality/hour.js";
import { Ledger } from "../quality/ledger.js";
import { HeatMap } from "../quality/map.js";
import { proofs } from "../quality/proofs.js";
import { DAY_MS, HOUR_MS } from "../quality/rows.js";

export const title = "Data quality";

/** @type {[string, string][]} */
const SPANS = [
  ["1", "24 hours"],
  ["7", "7 days"],
  ["31", "31 days"],
];

/** @param {string | null} text */
const number = (text) => (text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null);

/**
 * @param {HTMLElement} root
 * @param {import("../views.js").Params} params
 * @returns {() => void} ends it
 */
export function show(root, { query }) {
  const symbol = query.get("symbol") ?? "";
  const days = symbol ? (number(query.get("days")) ?? 7) : 1;
  const asked = {
    symbol,
    days: symbol ? Math.min(Math.max(days, 1), 31) : null,
    end: number(query.get("end")),
    trouble: query.get("trouble"),
    of: query.get("of"),
    hour: number(query.get("hour")),
    status: query.get("status") ?? "",
  };
  const keep = () => keepAddress("quality", asked);
  const hour = new HourPanel();
  /** @type {(of: string, open: number) => void} */
  const choose = (of, open) => {
    Object.assign(asked, { of, hour: open });
    keep();
    map.mark(`${of} ${open}`);
    hour.show(of, open);
  };
  const map = new HeatMap((chosen) => choose(chosen.symbol, chosen.open_time));
  const ledger = new Ledger(
    symbol,
    asked.status,
    (gap) => {
      choose(gap.symbol, Math.floor((gap.open_time ?? gap.detected_at) / HOUR_MS) * HOUR_MS);
      hour.heading.focus();
    },
    (status) => {
      asked.status = status;
      keep();
    },
  );
  const proven = proofs();

  const move = (/** @type {number} */ step) => {
    const span = (asked.days ?? 1) * DAY_MS;
    const end = (asked.end ?? map.last) + step * span;
    asked.end = end >= map.newest ? null : end;
    later.disabled = asked.end === null;
    keep();
    map.begin({ end: asked.end });
  };
  const earlier = element("button", { type: "button", "aria-label": "Earlier" }, "‹ Earlier");
  const later = element("button", { type: "button", "aria-label": "Later", disabled: asked.end === null }, "Later ›");
  earlier.addEventListener("click", () => move(-1));
  later.addEventListener("click", () => move(1));
  root.append(
    element("h1", { class: "unseen" }, title),
    proven.element,
    element(
      "div",
      { class: "quality" },
      element(
        "section",
        { class: "panel", "aria-label": "Hours" },
        element("div", { class: "heading" }, element("h2", {}, "Hours"), tools()),
        map.element,
      ),
      hour.element,
    ),
    ledger.element,
  );

  function tools() {
    const name = typed(
      "Symbol",
      { type: "search", list: "symbol-names", placeholder: "All", value: symbol, size: "12" },
      (chosen) => {
        location.hash = `#/quality${chosen ? `?symbol=${encodeURIComponent(chosen.toUpperCase())}` : ""}`;
      },
    );
    const only = element("button", { type: "button", "aria-pressed": String(Boolean(asked.trouble)) }, "Only trouble");
    only.addEventListener("click", () => {
      asked.trouble = asked.trouble ? null : "1";
      only.setAttribute("aria-pressed", String(Boolean(asked.trouble)));
      keep();
      map.arrange({ trouble: Boolean(asked.trouble) });
    });
    const span = choice("Show", SPANS, String(asked.days ?? 1), (chosen) => {
      asked.days = Number(chosen);
      keep();
      map.begin({ days: asked.days });
    });
    return element("div", { class: "tools" }, name.element, symbol ? span.element : only, earlier, later);
  }

  map.chosen = `${asked.of} ${asked.hour}`;
  map.begin({ symbol, days: asked.days ?? 1, end: asked.end, trouble: Boolean(asked.trouble) });
  ledger.begin();
  if (asked.of && asked.hour !== null) hour.show(asked.of, asked.hour);
  ask("/api/v1/market/realtime")
    .then(({ data }) => suggestSymbols(data.map((/** @type {any} */ row) => row.symbol)))
    .catch(() => {});
  return () => {
    for (const part of [map, ledger, hour, proven]) part.end();
  };
}
