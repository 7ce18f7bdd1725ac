// A link with hx-get into #sheet_body opens its form as a dialog. Without this module the link leads to the form's page.

function sheetOf(target) {
  return target?.closest?.("dialog.sheet") ?? null;
}

document.addEventListener("htmx:afterSwap", (event) => {
  const sheet = sheetOf(event.detail.target) ?? sheetOf(event.target);
  if (!sheet) return;
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  if (!sheet.open) sheet.showModal();
  sheet.querySelector(".conflict, [aria-invalid=true], [autofocus], textarea, input:not([type=hidden]), select")?.focus();
});

document.addEventListener("click", (event) => {
  const sheet = event.target.closest("[data-close]") && sheetOf(event.target);
  if (sheet) sheet.close();
});
