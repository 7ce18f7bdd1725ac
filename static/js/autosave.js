// <form data-autosave="URL">: its fields go to the server two seconds after typing stops, on leaving a field, and on
// leaving the page. What cannot be sent stays in this browser and comes back into the form.
import { loginInPlace } from "./login.js";
import { clockTime, element, icon } from "./marks.js";
import { addRow } from "./rows.js";
import { send } from "./send.js";

const PAUSE = 2000; // after the last key
const RETRY = 10_000;
const KEEPALIVE_LIMIT = 60_000; // bytes a browser sends after the page is gone
const states = new WeakMap();

function state(form) {
  if (!states.has(form)) states.set(form, { timer: 0, dirty: false, saving: false, stopped: false });
  return states.get(form);
}

function fields(form) {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && name !== "csrfmiddlewaretoken") data.append(name, value);
  }
  return data;
}

function say(form, text, { sign = "cloud-check", kind = "saved", act = null } = {}) {
  const places = form.id ? [...document.querySelectorAll(`[data-saved][data-for="${form.id}"]`)] : [];
  for (const place of [...form.querySelectorAll("[data-saved]"), ...places, ...outside(form)]) {
    place.dataset.state = kind;
    place.replaceChildren(icon(sign, "icon--sm"), text, ...(act ? [act()] : []));
  }
}

// The foot bar stands beside its form; a page with one autosaved form has one such line.
function outside(form) {
  if (document.querySelectorAll("form[data-autosave]").length !== 1) return [];
  return [...document.querySelectorAll("[data-saved]:not([data-for])")].filter((place) => !form.contains(place));
}

function schedule(form, wait = PAUSE) {
  const now = state(form);
  clearTimeout(now.timer);
  now.timer = setTimeout(() => save(form), wait);
}

async function save(form) {
  const now = state(form);
  // While the form itself is on its way, a draft must not overtake it and outlive it.
  if (!now.dirty || now.saving || now.stopped || form.dataset.sending) return;
  now.saving = true;
  now.dirty = false;
  const body = fields(form);
  try {
    const response = await send(form.dataset.autosave, { body, askLogin: false });
    await settled(form, response);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    unsaved(form, "Not saved: offline, kept in this browser");
  } finally {
    now.saving = false;
    if (now.dirty && !now.stopped) schedule(form);
  }
}

async function settled(form, response) {
  if (response.ok) {
    forget(form);
    const version = response.headers.get("Belay-Version");
    if (version && form.elements.draft_version) form.elements.draft_version.value = version;
    // A form that is found again by its address is reloaded there.
    const page = response.headers.get("Belay-Page");
    if (page) history.replaceState(history.state, "", page);
    say(form, `Saved ${response.headers.get("Belay-Saved") ?? clockTime()}`);
    if (response.status === 200) swapAround(await response.text());
  } else if (response.status === 401) {
    keepHere(form);
    state(form).dirty = true;
    const url = response.headers.get("Belay-Login");
    say(form, "Not saved: your session has ended", { sign: "cloud-off", kind: "waiting", act: () => loginButton(form, url) });
    clearTimeout(state(form).timer);
    state(form).stopped = true;
  } else if (response.status === 409) {
    state(form).stopped = true;
    say(form, "Not saved: changed elsewhere meanwhile", { sign: "alert-triangle", kind: "stopped" });
    placeConflict(form, await response.text());
  } else if (response.status === 422 || response.status === 400 || response.status === 413) {
    keepHere(form);
    say(form, "Not saved yet: a field needs correcting", { sign: "alert-triangle", kind: "waiting" });
  } else {
    unsaved(form, "Not saved: Belay did not answer, kept in this browser");
  }
}

function unsaved(form, text) {
  keepHere(form);
  state(form).dirty = true;
  say(form, text, { sign: "cloud-off", kind: "waiting" });
  schedule(form, RETRY);
}

function loginButton(form, url) {
  const button = element("button", "btn btn--small", "Log in");
  button.type = "button";
  button.addEventListener("click", async () => {
    if (!(await loginInPlace(url))) return;
    state(form).stopped = false;
    save(form);
  });
  return button;
}

// The answer may carry other parts of the page (the meter): elements with an id and hx-swap-oob.
function swapAround(html) {
  if (!html.trim()) return;
  const answer = new DOMParser().parseFromString(html, "text/html");
  for (const fresh of answer.querySelectorAll("[id][hx-swap-oob]")) {
    fresh.removeAttribute("hx-swap-oob");
    document.getElementById(fresh.id)?.replaceWith(document.adoptNode(fresh));
    window.htmx?.process(fresh);
  }
}

function placeConflict(form, html) {
  const panel = new DOMParser().parseFromString(html, "text/html").getElementById("conflict");
  if (!panel) return;
  document.getElementById("conflict")?.remove();
  form.prepend(document.adoptNode(panel));
  panel.scrollIntoView({ block: "center" });
  panel.focus({ preventScroll: true });
}

// --- what this browser keeps while the server cannot have it -------------------------------------------

function key(form) {
  const person = document.querySelector("meta[name=belay-person]")?.content ?? "";
  return `belay:draft:${person}:${form.dataset.autosave}`;
}

function keepHere(form) {
  try {
    localStorage.setItem(key(form), JSON.stringify({ at: Date.now(), fields: [...fields(form)] }));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // the browser's store is full or forbidden
  }
}

function forget(form) {
  try {
    localStorage.removeItem(key(form));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

function bringBack(form) {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(key(form)) ?? "null");
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof SyntaxError)) throw error;
  }
  if (!kept) return;
  const seen = new Map();
  for (const [name, value] of kept.fields) {
    if (["version", "draft_version", "draft_window", "idempotency_key"].includes(name)) continue;
    fill(form, name, value, seen);
  }
  // Saved elsewhere since: the server then shows both versions instead of taking the older one.
  const version = form.elements.draft_version;
  const held = Number(new Map(kept.fields).get("draft_version") ?? 0);
  if (version && Number(version.value) > held + 1) version.value = String(held);
  state(form).dirty = true;
  say(form, `Brought back what you typed at ${clockTime(new Date(kept.at))}`, { kind: "waiting" });
  schedule(form);
}

function fill(form, name, value, seen) {
  growRows(form, name);
  const found = form.elements.namedItem(name);
  if (!found) return;
  const list = found instanceof RadioNodeList ? [...found] : [found];
  const boxes = list.filter((one) => one.type === "radio" || one.type === "checkbox");
  if (boxes.length) {
    if (!seen.has(name)) for (const box of boxes) box.checked = false;
    for (const box of boxes) if (box.value === value) box.checked = true;
  } else if (!name.endsWith("_FORMS")) {
    const place = seen.get(name) ?? 0;
    if (list[place]) list[place].value = value;
  }
  seen.set(name, (seen.get(name) ?? 0) + 1);
}

function growRows(form, name) {
  const [, prefix, index] = /^(.+)-(\d+)-/.exec(name) ?? [];
  const box = prefix && form.querySelector(`[data-rows="${CSS.escape(prefix)}"]`);
  if (!box) return;
  for (let tries = 0; tries <= Number(index) && tries < 100 && !form.elements.namedItem(name); tries += 1) addRow(box);
}

// --- when ----------------------------------------------------------------------------------------------

function touched(event, wait) {
  const form = event.target.closest?.("form[data-autosave]") ?? event.target.form?.closest("form[data-autosave]");
  if (!form || event.target.type === "file") return;
  const now = state(form);
  if (event.type !== "focusout") now.dirty = true;
  if (now.dirty) schedule(form, wait);
}

document.addEventListener("input", (event) => touched(event, PAUSE));
document.addEventListener("change", (event) => touched(event, 200));
document.addEventListener("focusout", (event) => touched(event, 200));

function leave() {
  for (const form of document.querySelectorAll("form[data-autosave]")) {
    const now = state(form);
    if (!now.dirty || form.dataset.sending) continue;
    keepHere(form);
    const body = fields(form);
    if (now.stopped || new Blob([body.toString()]).size > KEEPALIVE_LIMIT) continue;
    now.dirty = false;
    send(form.dataset.autosave, { body, askLogin: false, keepalive: true }).then(
      (response) => response.ok && forget(form),
      () => undefined,
    );
  }
}

window.addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => document.hidden && leave());
window.addEventListener("online", () => {
  for (const form of document.querySelectorAll("form[data-autosave]")) save(form);
});
document.addEventListener("belay:sent", (event) => {
  const form = event.target;
  if (!form.matches("form[data-autosave]")) return;
  state(form).stopped = true;
  state(form).dirty = false; // or leaving the page would keep here what the server has just taken
  clearTimeout(state(form).timer);
  forget(form);
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-sign-out]")) return;
  for (const name of Object.keys(localStorage)) if (name.startsWith("belay:draft:")) localStorage.removeItem(name);
});

// A reloaded page may be made before the save of the page it replaces arrives; its mark says that both are one window.
function windowMark() {
  const reloaded = performance.getEntriesByType("navigation")[0]?.type === "reload";
  try {
    const known = reloaded && sessionStorage.getItem("belay:window");
    const mark = known || Array.from(crypto.getRandomValues(new Uint32Array(3)), (one) => one.toString(36)).join("");
    sessionStorage.setItem("belay:window", mark);
    return mark;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return "";
  }
}

const mark = windowMark();
function markWindow() {
  for (const form of document.querySelectorAll("form[data-autosave]")) {
    if (form.elements.draft_window) form.elements.draft_window.value = mark;
  }
}
markWindow();
new MutationObserver(markWindow).observe(document.body, { childList: true });

for (const form of document.querySelectorAll("form[data-autosave]")) bringBack(form);
