// The shell: which view is shown, the switches of the header, and the keys that work everywhere.

import { byId, element } from "./dom.js";
import { startKey } from "./key.js";
import { stateLine } from "./states.js";
import { startStatus } from "./status.js";
import { startTheme } from "./theme.js";
import { VIEWS } from "./views.js";
import { startZone } from "./zone.js";

const root = byId("view");
/** @type {() => void} */
let end = () => {};
let shown = 0; // which showing this is: a view that loads slowly must not come after the next

/** @returns {{entry: import("./views.js").Entry | undefined, params: import("./views.js").Params}} */
function addressed() {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name = "", ...rest] = path.split("/").map(decodeURIComponent);
  return {
    entry: VIEWS.find((view) => view.name === name),
    params: { rest: rest.join("/"), query: new URLSearchParams(query) },
  };
}

async function show() {
  const turn = ++shown;
  end();
  end = () => {};
  const { entry, params } = addressed();
  for (const link of document.querySelectorAll("#views a")) {
    if (link.getAttribute("data-view") === entry?.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!entry) {
    root.replaceChildren(stateLine("empty", "There is no such page here. The navigation above has those that are."));
    return;
  }
  const view = await entry.load().catch(() => null);
  if (turn !== shown) return;
  root.replaceChildren();
  root.dataset.view = entry.name || "overview";
  if (!view) {
    root.append(stateLine("error", "This view could not be loaded: the API does not answer. Load the page again."));
    return;
  }
  document.title = `${view.title} · wickstream`;
  end = view.show(root, params);
}

function startNavigation() {
  byId("views").append(
    ...VIEWS.map(({ name, words }) => element("a", { href: `#/${name}`, "data-view": name }, words)),
  );
  addEventListener("hashchange", async () => {
    await show();
    scrollTo(0, 0);
    root.focus({ preventScroll: true });
  });
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address names the view
    root.focus();
  });
}

/** @param {KeyboardEvent} event */
async function search(event) {
  const isTyping = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (!document.getElementById("search")) {
    history.pushState(null, "", "#/");
    await show();
  }
  document.getElementById("search")?.focus();
}

startTheme();
startZone(show);
startNavigation();
startKey();
startStatus();
addEventListener("keydown", search);
document.addEventListener("key", show);
show();
