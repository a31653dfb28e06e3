// Symbols the reader has starred; kept in this browser.

const KEY = "wickstream-favourites";

/** @returns {Set<string>} */
export function favourites() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.map(String) : []);
  } catch {
    return new Set(); // somebody else wrote there
  }
}

/**
 * @param {string} symbol
 * @returns {boolean} whether it is one now
 */
export function toggleFavourite(symbol) {
  const kept = favourites();
  const isOne = !kept.delete(symbol);
  if (isOne) kept.add(symbol);
  localStorage.setItem(KEY, JSON.stringify([...kept]));
  return isOne;
}
