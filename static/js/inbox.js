// In the inbox `a` acknowledges the row under the cursor.

const TYPING = "input, textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.key !== "a" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
  const button = document.querySelector("[data-cursor] tbody tr.is-cursor [data-acknowledge]");
  if (!button) return;
  event.preventDefault();
  button.click();
});
