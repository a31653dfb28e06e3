// Alerts as they come, and those that came before; what is asked for is in the address.

import { keepAddress } from "../address.js";
import { TYPES } from "../alert_words.js";
import { Feed } from "../alerts/feed.js";
import { ask } from "../api.js";
import { element } from "../dom.js";
import { choice, suggestSymbols, typed } from "../fields.js";
import { listen, watch, whenBack } from "../live.js";
import { stateLine, tell } from "../states.js";

export const title = "Alerts";

/** @type {[string, string][]} */
const KINDS = [["", "All"], ...Object.entries(TYPES)];

/**
 * @param {HTMLElement} root
 * @param {import("../views.js").Params} params
 * @returns {() => void} ends it
 */
export function show(root, { query }) {
  const filter = { type: query.get("type") ?? "", symbol: query.get("symbol") ?? "", min: query.get("min") ?? "" };
  const feed = new Feed();
  const lost = stateLine("stale", "");
  const hint = element("p", { class: "hint" });
  const describe = () => {
    const isPercent = filter.type === "price_spike";
    unit.textContent = isPercent ? "At least, %" : "At least, $";
    hint.textContent =
      filter.min && !filter.type
        ? "Price spikes are measured in percent: choose them alone to filter them by size."
        : "";
  };
  /** @param {Partial<typeof filter>} change */
  const change = (change) => {
    Object.assign(filter, change);
    keepAddress("alerts", filter);
    describe();
    feed.begin({ ...filter });
  };
  const kinds = choice("Type", KINDS, filter.type, (type) => {
    size.input.value = "";
    change({ type, min: "" });
  });
  const symbol = typed(
    "Symbol",
    { type: "search", list: "symbol-names", placeholder: "All", value: filter.symbol, size: "12" },
    (name) => change({ symbol: name.toUpperCase() }),
  );
  const size = typed(
    "",
    { inputmode: "decimal", placeholder: "Any", value: filter.min, size: "10", "data-name": "min" },
    (min) => {
      const plain = min.replace(/[, $%_]/g, "");
      const isAmount = /^\d+(\.\d+)?$/.test(plain) || plain === "";
      size.input.toggleAttribute("aria-invalid", !isAmount);
      if (isAmount) change({ min: plain });
      else hint.textContent = "An amount in plain digits is needed, as in 250000 or 2.5.";
    },
  );
  const unit = /** @type {HTMLElement} */ (size.element.firstElementChild);
  const tools = element("div", { class: "tools" }, kinds.element, symbol.element, size.element);
  const heading = element("div", { class: "heading" }, element("h1", {}, "Alerts"), tools);
  feed.element.prepend(heading, hint, lost);
  root.append(feed.element);
  describe();
  feed.begin({ ...filter });
  ask("/api/v1/market/realtime")
    .then(({ data }) => suggestSymbols(data.map((/** @type {any} */ row) => row.symbol)))
    .catch(() => {});
  const stops = [
    listen(["!alerts"], (alert) => feed.hear(alert)),
    whenBack(() => feed.begin()),
    watch((state) =>
      tell(
        lost,
        "stale",
        state === "lost" ? "Live updates are interrupted: new alerts will be here when the connection is back." : "",
      ),
    ),
    () => feed.end(),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
