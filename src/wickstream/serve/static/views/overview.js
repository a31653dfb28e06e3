// All symbols at once.

import { stateLine } from "../states.js";

export const title = "Overview";

/**
 * @param {HTMLElement} root
 * @returns {() => void} ends it
 */
export function show(root) {
  root.append(stateLine("loading", "Loading symbols…"));
  return () => {};
}
