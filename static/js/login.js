// A session that ended while somebody was typing: log in on top of the page, then go on where it was.
import { fetchHeaders, renewTokens } from "./csrf.js";
import { showFault } from "./faults.js";
import { element } from "./marks.js";

let underway = null;

// True once logged in again as the same person; false when they would rather not.
export function loginInPlace(url) {
  underway ??= ask(url).finally(() => {
    underway = null;
  });
  return underway;
}

async function ask(url) {
  const response = await fetch(url, { headers: fetchHeaders() });
  if (response.status === 204) return renewed(response);
  const dialog = element("dialog", "sheet");
  dialog.id = "session";
  dialog.setAttribute("aria-labelledby", "session-h");
  dialog.innerHTML = await response.text();
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    let outcome = false;
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(outcome);
    });
    dialog.addEventListener("click", (event) => {
      if (event.target.closest("[data-close]")) dialog.close();
    });
    dialog.addEventListener("submit", async (event) => {
      event.preventDefault();
      outcome = await submit(event.target, dialog);
      if (outcome || !dialog.querySelector("form")) dialog.close();
    });
  });
}

async function submit(form, dialog) {
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const response = await fetch(form.action, { method: "POST", body: new FormData(form), headers: fetchHeaders() });
    const elsewhere = response.headers.get("Belay-Location");
    if (elsewhere) {
      window.open(elsewhere, "_blank", "noopener");
      return false;
    }
    if (response.status === 204) return renewed(response, dialog);
    dialog.innerHTML = await response.text();
    dialog.querySelector("[aria-invalid], input:not([type=hidden])")?.focus();
    return false;
  } finally {
    button.disabled = false;
  }
}

function renewed(response, dialog) {
  const now = response.headers.get("Belay-Person");
  const before = document.querySelector("meta[name=belay-person]")?.content;
  renewTokens();
  if (!before || !now || before === now) return true;
  dialog?.close();
  showFault("Not sent: this page belongs to somebody else.", "You are logged in as another person now. Copy what you need, then reload.");
  return false;
}

function askAgain(url) {
  const button = element("button", "btn btn--small", "Log in");
  button.type = "button";
  button.addEventListener("click", async () => {
    if (await loginInPlace(url)) document.getElementById("fault")?.remove();
  });
  return button;
}

document.addEventListener("htmx:beforeSwap", async (event) => {
  const { xhr, requestConfig } = event.detail;
  const login = xhr.status === 401 && xhr.getResponseHeader("Belay-Login");
  if (!login) return;
  event.detail.shouldSwap = false;
  event.detail.isError = false;
  if (!requestConfig.triggeringEvent) {
    showFault("Your session has ended.", "This page no longer updates.", [askAgain(login)]);
    return;
  }
  if (!(await loginInPlace(login))) return;
  const { verb, path, parameters, target, elt } = requestConfig;
  const values = Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== "csrfmiddlewaretoken"));
  htmx.ajax(verb, path, { source: elt, target, values });
});
