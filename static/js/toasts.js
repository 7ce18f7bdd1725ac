// Toasts leave by themselves, but not while somebody reads or reaches for Undo.
import { element, icon } from "./marks.js";

const SHOWN = 8000;

export function toast(text) {
  const made = element("div", "float-bar float-bar--toast", icon("check"), element("span", "", text));
  made.dataset.toast = "";
  document.getElementById("toasts")?.append(made);
  leaveLater(made);
}

// A toast as the server made it, with its way back. The element that is shown, or null for anything else.
export function showToast(html) {
  const made = new DOMParser().parseFromString(html, "text/html").querySelector("[data-toast]");
  if (!made) return null;
  const shown = document.adoptNode(made);
  document.getElementById("toasts")?.append(shown);
  leaveLater(shown);
  return shown;
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
