// Amounts come as decimal strings; they are shown from their digits, not from floats.

const compact = new Intl.NumberFormat("en", { notation: "compact", minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en");
const QUOTES = ["USDT", "USDC", "FDUSD", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY"];

/** How many decimals a string really uses: "61607.99000000" → 2. */
export function decimalsOf(amount) {
  return (amount.split(".")[1] ?? "").replace(/0+$/, "").length;
}

/** "61607.99000000", 2 → "61,607.99"; digits that are not zero are never cut. */
export function price(amount, decimals = 2) {
  const [units, fraction = ""] = amount.split(".");
  const kept = fraction.slice(0, Math.max(decimals, decimalsOf(amount))).padEnd(decimals, "0");
  const grouped = units.replace(/\B(?=(\d{3})+$)/g, ",");
  return kept ? `${grouped}.${kept}` : grouped;
}

export const volume = (amount) => compact.format(Number(amount));
export const count = (number) => whole.format(number);

export function percent(text) {
  const sign = text.startsWith("-") ? "−" : "+";
  return `${sign}${Number(text.replace("-", "")).toFixed(2)} %`;
}

export const direction = (text) => (Number(text) > 0 ? "up" : Number(text) < 0 ? "down" : "");

export function splitSymbol(symbol) {
  const quote = QUOTES.find((name) => symbol.endsWith(name) && symbol.length > name.length) ?? "";
  return [symbol.slice(0, symbol.length - quote.length), quote];
}

export const minute = (ms) => new Date(ms).toISOString().slice(11, 16);
export const day = (ms) =>
  new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
