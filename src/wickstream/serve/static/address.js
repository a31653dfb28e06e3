// What a view was asked, kept in its address: who sends it on, sends what he sees.

/**
 * Write what is asked now; empty values are left out, and nothing is shown anew.
 * @param {string} view as `#/view` names it
 * @param {Record<string, string | number | null>} asked
 */
export function keepAddress(view, asked) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== null && value !== "") query.set(name, String(value));
  const words = query.toString();
  history.replaceState(null, "", `#/${view}${words ? `?${words}` : ""}`);
}

/**
 * A query of the API's; empty values are left out.
 * @param {string} path
 * @param {Record<string, string | number | null | undefined>} asked
 */
export function question(path, asked) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const words = query.toString();
  return words ? `${path}?${words}` : path;
}
