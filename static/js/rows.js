// Rows of a formset without a round trip. Without this module the buttons submit the form and the server adds or
// removes the row.
//
//   <div data-rows="steps"> … <tbody data-rows-body> <tr data-row> … <button data-remove-row>
//   <template> one row with __prefix__ for its number from 0 </template> <button data-add-row>
//
// Inside a row [data-row-no] shows the number from 1, and data-label="Result of step #" becomes its aria-label.

export function addRow(box) {
  const total = counter(box);
  const index = Number(total.value);
  const html = box.querySelector("template").innerHTML.replaceAll("__prefix__", String(index));
  const body = box.querySelector("[data-rows-body]");
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  body.append(holder.content);
  total.value = String(index + 1);
  number(box);
  return body.lastElementChild;
}

function removeRow(box, row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const mark = row.querySelector("input[name$='-DELETE']");
  if (mark) {
    mark.checked = true;
    mark.value = "on";
    row.hidden = true;
  } else {
    row.remove();
    renumber(box);
  }
  number(box);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  (next?.querySelector("input, textarea") ?? box.querySelector("[data-add-row]"))?.focus();
}

function counter(box) {
  return box.querySelector(`input[name="${box.dataset.rows}-TOTAL_FORMS"]`);
}

function rows(box) {
  return [...box.querySelectorAll("[data-row]")].filter((row) => !row.hidden);
}

// Names, ids and labels follow the place in the list, or the server would miss the rows after a gap.
function renumber(box) {
  const prefix = box.dataset.rows;
  const pattern = new RegExp(`${prefix}-\\d+-`);
  rows(box).forEach((row, index) => {
    for (const one of row.querySelectorAll("[name], [id], [for]")) {
      for (const attribute of ["name", "id", "for"]) {
        const value = one.getAttribute(attribute);
        if (value) one.setAttribute(attribute, value.replace(pattern, `${prefix}-${index}-`));
      }
    }
  });
  counter(box).value = String(rows(box).length);
}

function number(box) {
  rows(box).forEach((row, index) => {
    const shown = row.querySelector("[data-row-no]");
    if (shown) shown.textContent = String(index + 1);
    for (const one of row.querySelectorAll("[data-label]")) {
      one.setAttribute("aria-label", one.dataset.label.replace("#", String(index + 1)));
    }
    const remove = row.querySelector("[data-remove-row]");
    if (remove?.name) remove.value = String(index);
  });
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-rows]");
  if (!box) return;
  const remove = event.target.closest("[data-remove-row]");
  if (remove) {
    event.preventDefault();
    removeRow(box, remove.closest("[data-row]"));
  } else if (event.target.closest("[data-add-row]")) {
    event.preventDefault();
    addRow(box).querySelector("input, textarea, select")?.focus();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
