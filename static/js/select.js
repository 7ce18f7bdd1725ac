// <form data-select>: boxes of rows, one for all, ranges by Shift, everything that matches, and the bar that counts.

function boxes(form) {
  return [...form.querySelectorAll("[data-select-row]")];
}

function matching(form) {
  return form.querySelector("[data-select-matching]");
}

function refresh(form) {
  const all = boxes(form);
  const chosen = all.filter((box) => box.checked);
  for (const box of all) box.closest("tr")?.setAttribute("aria-selected", String(box.checked));
  const head = form.querySelector("[data-select-all]");
  if (head) {
    head.checked = chosen.length > 0 && chosen.length === all.length;
    head.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
  const more = form.querySelector("[data-match-all]");
  const everything = matching(form)?.checked ?? false;
  if (more) more.hidden = everything || chosen.length < all.length;
  const words = everything ? "All that match" : `${chosen.length} selected`;
  for (const count of form.querySelectorAll("[data-bulk-count]")) count.textContent = words;
  for (const bar of form.querySelectorAll("[data-bulk]")) bar.hidden = chosen.length === 0;
}

export function toggle(row) {
  const box = row.querySelector("[data-select-row]");
  if (box) box.click();
}

// The box that was clicked last: with Shift all between it and the next follow.
let last = null;

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-select-row]");
  if (!box) return;
  const all = boxes(box.form);
  if (event.shiftKey && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const between of all.slice(from, to + 1)) between.checked = box.checked;
    refresh(box.form);
  }
  last = box;
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-select]");
  if (!form || !event.target.matches("[data-select-all], [data-select-row]")) return;
  if (event.target.matches("[data-select-all]")) for (const box of boxes(form)) box.checked = event.target.checked;
  if (matching(form)) matching(form).checked = false;
  refresh(form);
});

document.addEventListener("click", (event) => {
  const form = event.target.closest("form[data-select]");
  if (!form) return;
  if (event.target.closest("[data-match-all]")) matching(form).checked = true;
  else if (event.target.closest("[data-select-none]")) {
    for (const box of boxes(form)) box.checked = false;
    if (matching(form)) matching(form).checked = false;
  } else return;
  refresh(form);
});

const refreshAll = () => document.querySelectorAll("form[data-select]").forEach(refresh);
document.addEventListener("htmx:afterSettle", refreshAll);
window.addEventListener("pageshow", refreshAll);
refreshAll();
