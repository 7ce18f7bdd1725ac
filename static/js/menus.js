// <details class="menu"> closes as a menu does.

const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("click", (event) => {
  const wish = event.target.closest("[data-print]");
  if (!wish) return;
  wish.closest("details.menu")?.removeAttribute("open");
  window.print();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});
