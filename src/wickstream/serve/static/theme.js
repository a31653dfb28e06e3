// Light or dark: as the system says, until the reader says otherwise.

const KEY = "wickstream-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

const wanted = () => localStorage.getItem(KEY) ?? (system.matches ? "dark" : "light");

/** Who draws with the theme's colours hears `theme` on the document. */
export function startTheme() {
  const button = document.getElementById("theme");
  const apply = () => {
    document.documentElement.dataset.theme = wanted();
    document.dispatchEvent(new Event("theme"));
  };
  button?.addEventListener("click", () => {
    localStorage.setItem(KEY, wanted() === "dark" ? "light" : "dark");
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}
