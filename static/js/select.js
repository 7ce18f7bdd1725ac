// <form data-select>: boxes of rows, one for all, and the bulk bar that shows how many are chosen.

function boxes(form) {
  return [...form.querySelectorAll("[data-select-row]")];
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
  for (const count of form.querySelectorAll("[data-bulk-count]")) count.textContent = `${chosen.length} selected`;
  for (const bar of form.querySelectorAll("[data-bulk]")) bar.hidden = chosen.length === 0;
}

export function toggle(row) {
  const box = row.querySelector("[data-select-row]");
  if (box) box.click();
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-select]");
  if (!form) return;
  if (event.target.matches("[data-select-all]")) for (const box of boxes(form)) box.checked = event.target.checked;
  if (event.target.matches("[data-select-all], [data-select-row]")) refresh(form);
});

document.addEventListener("click", (event) => {
  const form = event.target.closest("form[data-select]");
  if (!form || !event.target.closest("[data-select-none]")) return;
  for (const box of boxes(form)) box.checked = false;
  refresh(form);
});

const refreshAll = () => document.querySelectorAll("form[data-select]").forEach(refresh);
document.addEventListener("htmx:afterSettle", refreshAll);
window.addEventListener("pageshow", refreshAll);
refreshAll();
