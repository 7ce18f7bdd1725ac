// Toasts leave by themselves, but not while somebody reads or reaches for Undo.
import { element, icon } from "./marks.js";

const SHOWN = 8000;

export function toast(text) {
  const made = element("div", "float-bar float-bar--toast", icon("check"), element("span", "", text));
  made.dataset.toast = "";
  document.getElementById("toasts")?.append(made);
  leaveLater(made);
}

function leaveLater(one) {
  setTimeout(() => {
    if (one.matches(":hover, :focus-within")) leaveLater(one);
    else one.remove();
  }, SHOWN);
}

for (const one of document.querySelectorAll("[data-toast]")) leaveLater(one);
document.addEventListener("htmx:oobAfterSwap", () => {
  for (const one of document.querySelectorAll("#toasts [data-toast]")) leaveLater(one);
});
