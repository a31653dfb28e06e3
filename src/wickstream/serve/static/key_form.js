// The form that takes a key, below the header; it is there while the API wants one.

import { ask, sentence, Unanswered } from "./api.js";
import { element, say } from "./dom.js";
import { holdKey, isKeyWanted } from "./key.js";

const MAKES_ONE = "wickstream keys create NAME --scopes read,live";
const TRIED_AT = "/api/v1/system/health";
const POSSIBLE = /^[\w-]+$/; // what a header and a handshake take

const input = element("input", {
  id: "key",
  class: "field",
  type: "password",
  required: true,
  autocomplete: "off",
  spellcheck: "false",
  "aria-describedby": "key-refusal",
});
const staying = element("input", { type: "checkbox" });
const refusal = element("p", { id: "key-refusal", role: "alert" });
const form = element(
  "form",
  {},
  element("label", { for: "key" }, "Key"),
  input,
  element("label", { class: "staying" }, staying, "Remember on this device"),
  element("button", {}, "Use this key"),
  refusal,
);
const panel = element(
  "section",
  { class: "panel key-form", "aria-labelledby": "key-title", hidden: true },
  element("h2", { id: "key-title" }, "This API wants a key"),
  element("p", {}, "Whoever runs it makes one with ", element("code", {}, MAKES_ONE), "."),
  element("p", {}, "It is kept until this tab is closed, unless you want it remembered."),
  form,
);
let isTrying = false;

/**
 * Show it, and say why a key was refused; the keyboard is led there, unless it is at work elsewhere.
 * @param {string} words
 */
export function openKeyForm(words) {
  if (!isKeyWanted()) return; // while this was loaded, a key was found
  if (!panel.isConnected) document.querySelector("header")?.after(panel);
  panel.hidden = false;
  refuse(words);
  if (document.activeElement === document.body) input.focus();
}

/** @param {string} words */
function refuse(words) {
  say(refusal, sentence(words) ?? "");
  input.setAttribute("aria-invalid", String(words !== ""));
}

/**
 * Why a key does not open the page's own questions; empty: it does.
 * @param {string} key
 */
async function tried(key) {
  if (!POSSIBLE.test(key)) return "That is no key: one begins with wks_ and has letters, digits, - and _ only.";
  try {
    await ask(TRIED_AT, undefined, key);
    return "";
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    return error.message;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isTrying) return;
  isTrying = true;
  refuse(""); // the same words again are news
  const key = input.value.trim();
  const words = await tried(key);
  isTrying = false;
  if (words) {
    refuse(words);
    input.focus();
    input.select();
  } else {
    input.value = "";
    holdKey(key, staying.checked);
  }
});

document.addEventListener("key", () => {
  if (isKeyWanted()) return;
  const wasInside = panel.contains(document.activeElement);
  panel.hidden = true;
  if (wasInside) document.querySelector("main")?.focus({ preventScroll: true });
});
