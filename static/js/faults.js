// What the page says when a request did not go through. Never a toast: it stays until it is read.
import { element, icon } from "./marks.js";

export function showFault(bold, text, actions = []) {
  clearFault();
  const close = element("button", "btn btn--plain btn--square btn--small push", icon("x"));
  close.type = "button";
  close.setAttribute("aria-label", "Close this note");
  close.addEventListener("click", clearFault);
  const words = element("span", "", element("b", "", bold), ` ${text}`);
  const note = element("div", "note note--late", icon("alert-triangle"), words, ...actions, close);
  note.id = "fault";
  note.setAttribute("role", "alert");
  document.getElementById("main")?.prepend(note);
  note.scrollIntoView({ block: "nearest" });
}

export function clearFault() {
  document.getElementById("fault")?.remove();
}

export const NO_NETWORK = ["Not sent: Belay did not answer.", "What you typed is kept on this page. Try again."];

const WORDS = {
  403: ["Not done: this is not yours to do.", "Nothing was changed."],
  404: ["Not done: it is no longer there.", "Reload the page to see how things stand."],
  429: ["Not done: too many tries.", "Wait a few minutes, then try again."],
};
const BROKEN = ["Not done: something broke on our side.", "What you typed is kept on this page. Try again."];

export function faultWords(status) {
  return WORDS[status] ?? BROKEN;
}

// A poll that fails says nothing: the next one may succeed.
const byPerson = (event) => Boolean(event.detail.requestConfig?.triggeringEvent);

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status !== 401 && byPerson(event)) showFault(...faultWords(event.detail.xhr.status));
});
document.addEventListener("htmx:sendError", (event) => {
  if (byPerson(event)) showFault(...NO_NETWORK);
});
document.addEventListener("htmx:afterOnLoad", (event) => {
  if (byPerson(event) && event.detail.successful) clearFault();
});
