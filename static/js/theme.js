// Change the theme without leaving the page; without this module the same form reloads it.
import { fetchHeaders } from "./csrf.js";

document.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (button?.name !== "theme") return;
  event.preventDefault();
  document.documentElement.dataset.bsTheme = button.value;
  for (const other of document.querySelectorAll("button[name=theme]")) {
    other.setAttribute("aria-pressed", String(other.value === button.value));
  }
  const body = new FormData(event.target, button);
  await fetch(event.target.action, { method: "POST", body, headers: fetchHeaders(), redirect: "manual" });
});
