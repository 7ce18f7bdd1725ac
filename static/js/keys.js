// The keyboard: / and Ctrl K search, ? help, j and k move, x selects, a acknowledges, Enter opens, e escalates, u goes
// back to the list. Silent in inputs.
import { openPalette } from "./palette.js";
import { toggle } from "./select.js";

const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

function search() {
  if (openPalette()) return true;
  const box = document.querySelector("[data-search]");
  if (!box) return false;
  box.focus();
  box.select();
  return true;
}

function help() {
  const sheet = document.getElementById("keys");
  if (!sheet || sheet.open) return false;
  sheet.showModal();
  return true;
}

function rows() {
  return [...document.querySelectorAll("[data-cursor] tbody tr")].filter((row) => row.checkVisibility());
}

function cursor() {
  return document.querySelector("[data-cursor] tbody tr.is-cursor");
}

function move(by) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(cursor());
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  cursor()?.classList.remove("is-cursor");
  next.classList.add("is-cursor");
  next.scrollIntoView({ block: "nearest" });
  next.querySelector("a[href]")?.focus({ preventScroll: true });
  return true;
}

function follow(selector) {
  const link = (cursor() ?? document).querySelector(selector);
  link?.click();
  return Boolean(link);
}

function select() {
  const row = cursor();
  if (row) toggle(row);
  return Boolean(row);
}

function press(selector) {
  const row = cursor();
  const found = [...(row ?? document.getElementById("main")).querySelectorAll(selector)];
  const button = found.find((one) => one.checkVisibility() && (row || !one.closest("tr")));
  if (!button) return false;
  button.click();
  return true;
}

// Back to the list one came from, with its filters and its place; else to what stands above this page.
function up() {
  const from = document.referrer ? new URL(document.referrer) : null;
  const isList = from?.origin === location.origin && /^\/($|queue\/|inbox\/|issues\/)/.test(from.pathname);
  if (isList && from.pathname !== location.pathname) history.back();
  else return follow("[data-up], .page-head__crumb a[href]");
  return true;
}

const KEYS = {
  "/": search,
  "?": help,
  j: () => move(1),
  k: () => move(-1),
  x: select,
  a: () => press("[data-act], [data-acknowledge]"),
  u: up,
  e: () => follow("[data-escalate]"),
  Enter: () => !document.activeElement?.matches("a, button, summary") && Boolean(cursor()) && follow("a[href]"),
};

document.addEventListener("keydown", (event) => {
  const isPalette = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k";
  if (isPalette && !document.querySelector("dialog[open]") && search()) {
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
  if (Object.hasOwn(KEYS, event.key) && KEYS[event.key]()) event.preventDefault();
});
