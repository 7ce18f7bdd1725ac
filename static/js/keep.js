// <form data-keep>: sent by script, so that neither an ended session nor a lost connection takes what was typed.
import { clearFault, faultWords, NO_NETWORK, showFault } from "./faults.js";
import { send } from "./send.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-keep]") || event.defaultPrevented) return;
  event.preventDefault();
  submit(form, event.submitter);
});

async function submit(form, submitter) {
  if (form.dataset.sending) return;
  form.dataset.sending = "1";
  form.setAttribute("aria-busy", "true");
  try {
    const action = submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href;
    const response = await send(action, { body: new FormData(form, submitter) });
    if (response) await follow(response, form);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    showFault(...NO_NETWORK);
  } finally {
    delete form.dataset.sending;
    form.removeAttribute("aria-busy");
  }
}

async function follow(response, form) {
  const next = response.headers.get("Belay-Location");
  if (next) {
    form.dispatchEvent(new CustomEvent("belay:sent", { bubbles: true }));
    location.assign(next);
    return;
  }
  const html = response.headers.get("Content-Type")?.startsWith("text/html");
  if (html && (response.ok || response.status === 409 || response.status === 422)) show(await response.text());
  else showFault(...faultWords(response.status));
}

// The server's page with its corrections takes the place of this one; the address stays.
function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const main = page.getElementById("main");
  if (!main) return;
  document.getElementById("main").replaceWith(document.adoptNode(main));
  document.title = page.title;
  clearFault();
  window.htmx?.process(main);
  lead(main);
}

// To the first thing that has to be corrected.
function lead(root) {
  const first = root.querySelector(".conflict, [aria-invalid=true], .form-errors, .field__error, [role=alert]");
  first?.scrollIntoView({ block: "center" });
  first?.focus({ preventScroll: true });
}

// A long form that htmx swapped: who saved at its foot does not see what is wrong above.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.xhr?.status !== 422 || event.detail.requestConfig?.verb !== "post") return;
  const form = document.getElementById(event.detail.target?.id);
  if (form?.matches("form") && !form.closest("dialog")) lead(form);
});
