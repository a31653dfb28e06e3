// One symbol.

import { stateLine } from "../states.js";

export const title = "Symbol";

/**
 * @param {HTMLElement} root
 * @returns {() => void} ends it
 */
export function show(root) {
  root.append(stateLine("loading", "Loading candles…"));
  return () => {};
}
