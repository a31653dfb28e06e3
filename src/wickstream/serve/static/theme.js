// Light or dark: as the system says, until the reader says otherwise.

const KEY = "wickstream-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

const wanted = () => localStorage.getItem(KEY) ?? (system.matches ? "dark" : "light");

export function startTheme(button, onChange) {
  const apply = () => {
    document.documentElement.dataset.theme = wanted();
    onChange();
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, wanted() === "dark" ? "light" : "dark");
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}
