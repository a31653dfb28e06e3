// UTC or the reader's own time, as he last said.

import { byId, say } from "./dom.js";

const KEY = "wickstream-zone";

/** @returns {"utc" | "local"} */
export const zone = () => (localStorage.getItem(KEY) === "local" ? "local" : "utc");

/** The name of what times are told in. */
export const zoneName = () => (zone() === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone);

/** @param {() => void} onChange */
export function startZone(onChange) {
  const button = byId("zone");
  const show = () => {
    say(button, zone() === "utc" ? "UTC" : "Local");
    button.setAttribute(
      "aria-label",
      `Times are in ${zoneName()}; switch to ${zone() === "utc" ? "local time" : "UTC"}`,
    );
    say(byId("zone-words"), `Times are ${zoneName()}.`);
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, zone() === "utc" ? "local" : "utc");
    show();
    onChange();
  });
  show();
}
