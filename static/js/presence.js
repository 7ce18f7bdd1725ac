// The presence line of a page: it says whether somebody writes, keeps quiet while nobody looks, and says goodbye.
import { send } from "./send.js";

const WRITES = 60_000; // after the last key
let typed = -Infinity;

document.addEventListener("input", (event) => {
  if (event.target.closest?.("form[data-autosave]")) typed = performance.now();
});

const isPresence = (event) => event.detail.elt.matches?.("[data-presence]");

document.addEventListener("htmx:configRequest", (event) => {
  if (isPresence(event) && performance.now() - typed < WRITES) event.detail.parameters.writing = "1";
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (isPresence(event) && document.hidden) event.preventDefault();
});

function leave() {
  for (const line of document.querySelectorAll("[data-presence]")) {
    const body = new URLSearchParams({ left: "1", at: line.querySelector("input[name=at]").value });
    send(line.getAttribute("hx-post"), { body, askLogin: false, keepalive: true }).catch(() => undefined);
  }
}
window.addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => document.hidden && leave());
