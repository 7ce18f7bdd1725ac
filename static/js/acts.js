// [data-act]: one act on one row without leaving the list. The row stays where it is and says what was done; Undo in
// the toast gives it back its button. The numbers beside the links around it follow. Without this module the button sends the list's form and the page comes anew.
import { clearFault, faultWords, NO_NETWORK, showFault } from "./faults.js";
import { element } from "./marks.js";
import { send } from "./send.js";
import { showToast } from "./toasts.js";

async function post(url, body) {
  try {
    const response = await send(url, { body, headers: { Accept: "text/html" } });
    if (!response) return null;
    if (response.ok && !response.headers.has("Belay-Location")) {
      clearFault();
      return showToast(await response.text());
    }
    const next = response.headers.get("Belay-Location");
    if (next) location.assign(next);
    else if (response.status === 409 || response.status === 422) showFault(...(await said(response)));
    else showFault(...faultWords(response.status));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    showFault(...NO_NETWORK);
  }
  return null;
}

// What the page of the refusal says: its heading, and the sentence below.
async function said(response) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return [page.querySelector("h1")?.textContent ?? "Not done.", page.querySelector("main p, p")?.textContent ?? ""];
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-act]");
  if (!button || event.defaultPrevented) return;
  event.preventDefault();
  if (button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  const toast = await post(button.getAttribute("formaction"), new URLSearchParams({ one: button.value }));
  button.removeAttribute("aria-busy");
  if (toast) finish(button, toast);
});

function finish(button, toast) {
  const row = button.closest("tr");
  const note = element("span", "quiet row-done", "Acknowledged");
  button.hidden = true;
  button.after(note);
  row?.classList.remove("is-unread");
  toast.querySelector("[data-undo]")?.addEventListener("belay:undone", () => {
    note.remove();
    button.hidden = false;
    freshCounts();
  });
  freshCounts();
}

// The links of rail, top bar and tabs as this page would have them now. A number is worth no complaint: without an
// answer those that are there stay.
async function freshCounts() {
  const links = ":is(.rail, .topbar, .tabs) a[href]";
  try {
    const response = await send(location.href, { method: "GET", headers: { Accept: "text/html" }, askLogin: false });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const now = new Map([...page.querySelectorAll(links)].map((link) => [place(link), link]));
    for (const link of document.querySelectorAll(links)) {
      const fresh = now.get(place(link));
      if (!fresh || fresh.textContent === link.textContent) continue;
      if (fresh.hasAttribute("aria-label")) link.setAttribute("aria-label", fresh.getAttribute("aria-label"));
      link.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

// The same link in both: where it is, what it is (the name at the top leads home too), and where it leads.
const place = (link) =>
  `${link.closest(".rail, .topbar, .tabs").className} ${link.className} ${link.getAttribute("href")}`;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  // On a page that shows the ticket itself everything has to come anew.
  if (!form.matches("[data-undo]") || !document.querySelector("[data-act]")) return;
  event.preventDefault();
  const toast = await post(form.getAttribute("action"), new URLSearchParams(new FormData(form)));
  if (!toast) return;
  form.dispatchEvent(new CustomEvent("belay:undone"));
  form.closest("[data-toast]")?.remove();
});
