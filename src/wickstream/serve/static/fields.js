// Fields to choose and type into, each with its label.

import { element } from "./dom.js";

/**
 * @param {string} label
 * @param {[string, string][]} options value and words
 * @param {string} chosen
 * @param {(value: string) => void} on
 */
export function choice(label, options, chosen, on) {
  const select = element(
    "select",
    { class: "field" },
    ...options.map(([value, words]) => element("option", { value }, words)),
  );
  select.value = options.some(([value]) => value === chosen) ? chosen : (options[0]?.[0] ?? "");
  select.addEventListener("change", () => on(select.value));
  return { element: element("label", { class: "labelled" }, element("span", {}, label), select), select };
}

/**
 * @param {string} label
 * @param {Record<string, string>} attributes
 * @param {(value: string) => void} on called when the reader is done with it
 */
export function typed(label, attributes, on) {
  const input = element("input", { class: "field", autocomplete: "off", spellcheck: "false", ...attributes });
  input.addEventListener("change", () => on(input.value.trim()));
  return { element: element("label", { class: "labelled" }, element("span", {}, label), input), input };
}

/** @type {HTMLDataListElement | null} */
let names = null;

/**
 * The names of all symbols, for fields to suggest.
 * @param {string[]} symbols
 */
export function suggestSymbols(symbols) {
  names ??= element("datalist", { id: "symbol-names" });
  if (!names.isConnected) document.body.append(names);
  names.replaceChildren(...symbols.map((value) => element("option", { value })));
}
