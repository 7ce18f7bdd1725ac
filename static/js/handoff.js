// The handoff form: notes at the fields follow the meter, and Enter in a line never sends the form.
import { element, icon } from "./marks.js";

// The meter's gaps (renewed by every autosave) say which fields still need their note.
function follow() {
  const gaps = new Map([...document.querySelectorAll("#meter [data-gap]")].map((one) => [one.dataset.gap, one.dataset.why]));
  for (const label of document.querySelectorAll("#handoff .form-label")) {
    const field = label.parentElement;
    const control = field.querySelector("[name]");
    if (!control || field.classList.contains("field--wrong") || control.name.includes("-")) continue;
    mark(field, control.name, gaps.get(control.name));
  }
  const steps = document.getElementById("step-needs");
  const rows = [...document.querySelectorAll("#meter [data-gap]")].filter((one) => one.querySelector("a[href='#p-steps']"));
  steps?.replaceChildren(...rows.map((one) => note(`${one.querySelector("a").textContent}: ${one.dataset.why}`)));
}

function mark(field, name, why) {
  const shown = field.querySelector(".field__need");
  if (Boolean(shown) === Boolean(why)) return;
  field.classList.toggle("field--missing", Boolean(why));
  if (!why) {
    shown.remove();
    return;
  }
  const made = note(why);
  made.id = `id_${name}_need`;
  field.append(made);
}

function note(text) {
  return element("p", "field__need", icon("alert-triangle"), text);
}

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" || event.isComposing || !field.matches?.("#handoff input:not([type=file])")) return;
  event.preventDefault();
  const row = field.closest("[data-row]");
  if (!row) return;
  const next = row.nextElementSibling?.querySelector("input");
  if (next) next.focus();
  else field.closest("[data-rows]").querySelector("[data-add-row]").click();
});

const watched = new MutationObserver(follow);
function watch() {
  const aside = document.getElementById("meter")?.parentElement;
  if (aside) watched.observe(aside, { childList: true });
}
watch();
new MutationObserver(watch).observe(document.body, { childList: true });

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  // On a phone the bar at the thumb opens the answer that stands further down.
  const opener = event.target.closest("[data-open]");
  const fold = opener && document.getElementById(opener.dataset.open);
  if (!fold) return;
  event.preventDefault();
  fold.open = true;
  fold.scrollIntoView({ block: "start" });
  fold.querySelector("input:not([type=hidden]), select, textarea")?.focus({ preventScroll: true });
});
