// The reader's key, where the API wants one: kept by this tab or this browser, sent with each question, in no address.

import { byId } from "./dom.js";

const NAME = "wickstream-key";
const PROBLEMS = /:(key-needed|bad-key)$/; // that another key solves

let wanted = false;

/** @returns {string | null} */
export const heldKey = () => sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);

/** Whether the API wants a key, and has none from here that it takes. */
export const isKeyWanted = () => wanted;

/**
 * @param {string | null} key
 * @returns {Record<string, string>}
 */
export const keyHeaders = (key) => (key === null ? {} : { "X-API-Key": key });

/**
 * What a handshake offers: browsers let nothing else be said there.
 * @param {string | null} key
 */
export const keyProtocols = (key) => (key === null ? [] : ["wickstream", `wickstream.key.${key}`]);

/**
 * Hold this one instead; who asks something hears `key` on the document, and asks again.
 * @param {string | null} key null: forget it
 * @param {boolean} [isToStay] when this tab is closed
 */
export function holdKey(key, isToStay = false) {
  for (const storage of [sessionStorage, localStorage]) storage.removeItem(NAME);
  if (key !== null) {
    (isToStay ? localStorage : sessionStorage).setItem(NAME, key);
    wanted = false;
  }
  tell();
}

/**
 * Hear what an answer says of the key that its question came with.
 * @param {string | null} sent
 * @param {{type?: string, detail?: string} | null} problem null: a good answer
 */
export function judgeKey(sent, problem) {
  if (sent !== heldKey()) return; // another one is held by now, or this one was only tried
  if (!problem) {
    if (!wanted) return;
    wanted = false; // nor does it want one any more
    tell();
    return;
  }
  const [, kind] = PROBLEMS.exec(problem.type ?? "") ?? [];
  if (!kind || (wanted && sent === null)) return; // nothing new
  wanted = true;
  if (sent !== null) holdKey(null); // it opens nothing, now or later
  const why = kind === "bad-key" ? problem.detail : "";
  document.dispatchEvent(new CustomEvent("key-wanted", { detail: why ?? "" }));
}

const tell = () => document.dispatchEvent(new Event("key"));

/** The button that forgets it, and the form, which is loaded when it is needed. */
export function startKey() {
  const button = byId("forget-key");
  const show = () => {
    button.hidden = heldKey() === null;
  };
  button.addEventListener("click", () => holdKey(null));
  document.addEventListener("key", show);
  document.addEventListener("key-wanted", async (event) => {
    const { openKeyForm } = await import("./key_form.js");
    openKeyForm(/** @type {CustomEvent<string>} */ (event).detail);
  });
  addEventListener("storage", ({ key }) => {
    if (key === NAME) tell(); // another tab remembers or forgets it
  });
  show();
}
