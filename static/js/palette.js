// Ctrl K, / or the search box: one field for tickets, customers, people, pages and acts. The field keeps the focus;
// arrows move through what was found, Enter opens it. Without this module the search page does the same.
import { csrfToken } from "./csrf.js";

const PAUSE = 120; // ms after the last key
const dialog = document.getElementById("palette");
const field = dialog?.querySelector("[role=combobox]");
const list = dialog?.querySelector("[role=listbox]");
const say = dialog?.querySelector("[data-palette-say]");
let asking = null;
let waiting = 0;
let answered = ""; // the words that the list answers; Enter waits until it answers those in the field

export function openPalette(text = "") {
  if (!dialog || dialog.open) return false;
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  const rail = document.getElementById("rail");
  if (rail?.matches(":popover-open")) rail.hidePopover();
  field.value = text;
  list.replaceChildren();
  answered = null;
  dialog.showModal();
  field.focus();
  field.select();
  ask();
  return true;
}

const options = () => [...list.querySelectorAll("[role=option]")];
const active = () => list.querySelector("[aria-selected=true]");

function choose(option) {
  active()?.setAttribute("aria-selected", "false");
  if (!option) return field.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option.id);
}

async function ask() {
  clearTimeout(waiting);
  asking?.abort();
  asking = new AbortController();
  const words = field.value;
  const query = new URLSearchParams({ q: words, at: location.pathname });
  try {
    const response = await fetch(`${dialog.dataset.url}?${query}`, {
      signal: asking.signal,
      headers: { "X-Requested-With": "fetch" },
    });
    if (response.status === 401) return submit();
    if (response.ok) {
      show(await response.text());
      answered = words;
    } else tell("Nothing could be looked up just now. Press Enter to open the search page.");
  } catch (error) {
    if (error instanceof TypeError) tell("Belay did not answer. Try again in a moment.");
    else if (error.name !== "AbortError") throw error;
  }
}

function tell(words) {
  list.replaceChildren();
  choose(null);
  say.textContent = words;
}

function show(html) {
  const found = new DOMParser().parseFromString(html, "text/html").getElementById("palette_results");
  if (!found) return;
  list.replaceChildren(...[...found.childNodes].map((node) => document.adoptNode(node)));
  options().forEach((option, number) => {
    option.id = `palette-${number}`;
  });
  choose(options()[0]);
  const number = options().length;
  say.textContent = number ? `${number} found` : "Nothing begins with these words. Press Enter to search all tickets.";
}

function move(by) {
  const all = options();
  if (all.length) choose(all[(all.indexOf(active()) + by + all.length) % all.length]);
}

// Enter without anything found leads to the search page.
function submit() {
  dialog.querySelector("form").submit();
}

function follow(option) {
  if (!option.dataset.post) {
    dialog.close();
    return location.assign(option.href);
  }
  const form = document.createElement("form");
  form.method = "post";
  form.action = option.href;
  const values = { csrfmiddlewaretoken: csrfToken(), [option.dataset.post]: option.dataset.value, next: location.pathname };
  for (const [name, value] of Object.entries(values)) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

const MOVES = {
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  Home: () => choose(options()[0]),
  End: () => choose(options().at(-1)),
};

if (dialog) {
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    const typed = field.value && (event.key === "Home" || event.key === "End");
    if (event.isComposing || typed || !Object.hasOwn(MOVES, event.key)) return;
    event.preventDefault();
    MOVES[event.key]();
  });
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (field.value !== answered) await ask();
    const option = active();
    if (option) follow(option);
    else submit();
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    follow(option);
  });
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== active()) choose(option);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close-palette]")) dialog.close();
  });
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-search], [data-palette]");
    if (!box || event.ctrlKey || event.metaKey) return;
    if (openPalette(box.value ?? "")) event.preventDefault();
  });
}
