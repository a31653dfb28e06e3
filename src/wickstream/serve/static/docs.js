// The API's description, drawn from /openapi.json, with a form to ask each question.

import { byId } from "./dom.js";
import { heldKey, judgeKey, keyHeaders, startKey } from "./key.js";
import { startTheme } from "./theme.js";

const place = byId("operations");
const line = byId("status");

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} [text]
 * @param {Record<string, string>} [attributes]
 * @returns {HTMLElementTagNameMap[T]}
 */
function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/**
 * An element in whose text what stands between backticks is code.
 * @param {keyof HTMLElementTagNameMap} tag
 * @param {string | undefined} text
 */
function prose(tag, text) {
  const made = element(tag);
  (text ?? "").split("`").forEach((part, index) => made.append(index % 2 ? element("code", part) : part));
  return made;
}

/** @param {any} parameter */
function field(parameter) {
  const label = element("label", parameter.name);
  const { schema } = parameter;
  const choices = schema.enum ?? (schema.type === "boolean" ? ["false", "true"] : null);
  const input = element(choices ? "select" : "input", "", { name: parameter.name });
  for (const choice of choices ?? []) input.append(element("option", choice));
  if (schema.default !== undefined) input.value = schema.default;
  if (parameter.in === "path") input.value = parameter.examples?.[0] ?? schema.examples?.[0] ?? "";
  if (parameter.description) label.title = parameter.description;
  label.append(input);
  return label;
}

/**
 * @param {string} path
 * @param {any[]} parameters
 * @param {HTMLFormElement} form
 */
function address(path, parameters, form) {
  const query = new URLSearchParams();
  for (const { name, in: where, schema } of parameters) {
    const value = /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value.trim();
    if (where === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value && value !== String(schema.default)) query.set(name, value);
  }
  return query.size ? `${path}?${query}` : path;
}

/**
 * @param {string} url
 * @param {HTMLElement} title
 * @param {HTMLElement} shown
 */
async function ask(url, title, shown) {
  title.textContent = `GET ${url}`;
  const key = heldKey();
  const answer = await fetch(url, { headers: keyHeaders(key) }).catch(() => null);
  const text = answer ? await answer.text() : "The API does not answer.";
  title.textContent = `GET ${url} → ${answer?.status ?? "no answer"}`;
  try {
    const body = JSON.parse(text);
    shown.textContent = JSON.stringify(body, null, 2);
    if (answer?.status === 401) judgeKey(key, body);
  } catch {
    shown.textContent = text; // metrics are plain text
  }
}

/** @param {any} operation */
function exampleOf(operation) {
  const [content] = Object.values(operation.responses["200"]?.content ?? {});
  return content?.example ? JSON.stringify(content.example, null, 2) : "";
}

/** @param {any} operation */
function answers(operation) {
  const table = element("table");
  for (const [status, { description }] of Object.entries(operation.responses)) {
    const row = table.insertRow();
    row.append(element("td", status), prose("td", description));
  }
  return table;
}

/**
 * @param {string} path
 * @param {any} operation
 */
function card(path, operation) {
  const section = element("section", "", { id: operation.operationId });
  const heading = element("h2", path);
  heading.prepend(element("span", "GET"));
  const parameters = operation.parameters ?? [];
  const form = element("form");
  form.append(...parameters.map(field), element("button", "Ask"));
  const title = element("h3", exampleOf(operation) ? "Example" : "");
  const shown = element("pre", exampleOf(operation), { tabindex: "0" });
  shown.hidden = !shown.textContent;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    shown.hidden = false;
    ask(address(path, parameters, form), title, shown);
  });
  const summary = element("p", operation.summary, { class: "summary" });
  section.append(heading, summary, prose("p", operation.description), form, answers(operation), title, shown);
  return section;
}

async function start() {
  startTheme();
  startKey();
  const answer = await fetch("/openapi.json").catch(() => null);
  if (!answer?.ok) {
    line.textContent = "The API does not answer; load the page again in a moment.";
    return;
  }
  const { info, paths } = await answer.json();
  line.textContent = `API ${info.version}`;
  for (const [path, { get }] of Object.entries(paths)) place.append(card(path, get));
}

start();
