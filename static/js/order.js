// Rows that are dragged into order. The plain way are the buttons beside the grip; both send the same form.
//
//   <tbody data-order> <tr data-order-row data-order-group data-order-place> … <form> … <span data-order-grip>

let lifted = null;

const rowAt = (x, y) => document.elementFromPoint(x, y)?.closest("[data-order-row]");

function clearMarks() {
  for (const row of document.querySelectorAll(".is-over, .is-under")) row.classList.remove("is-over", "is-under");
}

function fits(row) {
  return row && row !== lifted && row.parentElement === lifted.parentElement && row.dataset.orderGroup === lifted.dataset.orderGroup;
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest("[data-order-grip]");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  lifted = grip.closest("[data-order-row]");
  lifted.classList.add("is-lifted");
  grip.setPointerCapture(event.pointerId);
});

document.addEventListener("pointermove", (event) => {
  if (!lifted) return;
  clearMarks();
  const row = rowAt(event.clientX, event.clientY);
  if (!fits(row)) return;
  const after = Number(row.dataset.orderPlace) > Number(lifted.dataset.orderPlace);
  row.classList.add(after ? "is-under" : "is-over");
});

function drop(event, settle) {
  if (!lifted) return;
  const from = lifted;
  const row = settle ? rowAt(event.clientX, event.clientY) : null;
  const to = fits(row) ? row.dataset.orderPlace : null;
  clearMarks();
  from.classList.remove("is-lifted");
  lifted = null;
  const form = from.querySelector("form");
  if (to === null || !form) return;
  window.htmx.ajax("POST", form.getAttribute("action"), { source: form, target: "#section_rows", swap: "outerHTML", values: { to } });
}

document.addEventListener("pointerup", (event) => drop(event, true));
document.addEventListener("pointercancel", (event) => drop(event, false));
