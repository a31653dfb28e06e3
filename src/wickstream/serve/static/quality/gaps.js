// Entries of the ledger, with their evidence.

import { element } from "../dom.js";
import { moment } from "../format.js";
import { place, STATUSES, subject } from "./states.js";

/** @typedef {import("./states.js").Gap} Gap */

/** @param {Gap} gap */
export function badge(gap) {
  const [mood] = STATUSES[gap.status] ?? ["", ""];
  return element("span", { class: "badge", "data-mood": mood || null }, gap.status.replace("_", " "));
}

/**
 * An entry told in full, for beside the heat map.
 * @param {Gap} gap
 */
export function told(gap) {
  const words = STATUSES[gap.status]?.[1] ?? "";
  const facts = [
    ["Noticed", moment(gap.detected_at)],
    ["From", gap.filled_by === null ? null : place(gap.filled_by)],
    ["Evidence", gap.evidence],
  ];
  const list = element("dl", {});
  for (const [name, value] of facts) {
    if (value) list.append(element("dt", {}, name ?? ""), element("dd", {}, value));
  }
  return element(
    "li",
    { "data-status": gap.status },
    element("p", {}, badge(gap), " ", element("strong", { class: "number" }, subject(gap))),
    element("p", { class: "hint" }, words),
    list,
  );
}

/**
 * A row of the ledger; on a narrow screen each cell says what it is.
 * @param {Gap} gap
 * @param {(gap: Gap) => void} onChoose
 */
export function row(gap, onChoose) {
  const when = element("button", { type: "button", class: "plain", title: "Show this hour" }, moment(gap.detected_at));
  when.addEventListener("click", () => onChoose(gap));
  const cells = /** @type {[string, Node | string][]} */ ([
    ["Noticed", when],
    ["Symbol", gap.symbol],
    ["Status", badge(gap)],
    ["What", subject(gap)],
    ["From", place(gap.filled_by)],
    ["Evidence", gap.evidence ?? "–"],
  ]);
  return element(
    "tr",
    {},
    ...cells.map(([name, value]) => element("td", { "data-name": name, "data-empty": value === "–" }, value)),
  );
}
