// <textarea data-mentions="URL">: while a name is typed after @, a list of the people who can be named. The list comes
// as options from URL?q=…; without this module the user name is typed out. [data-mentions-when="#id"] names a radio
// button: the list is offered only while it is chosen, since a reply to a customer names nobody.

const NAME = /(^|[^\w@.+-])@([\w.+-]{0,40})$/;
const WAIT = 120; // ms after the last key
const open = new WeakMap();
let count = 0;

function parts(box) {
  let found = open.get(box);
  if (found) return found;
  const list = document.createElement("ul");
  list.className = "mentions";
  list.hidden = true;
  list.id = `mentions-${(count += 1)}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "People to name");
  const say = document.createElement("div");
  say.className = "visually-hidden";
  say.setAttribute("role", "status");
  const place = document.createElement("div");
  place.className = "compose__mentions";
  place.append(list, say);
  box.after(place);
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-haspopup", "listbox");
  box.setAttribute("aria-controls", list.id);
  found = { list, say, timer: 0, at: -1, asked: 0 };
  open.set(box, found);
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    event.preventDefault(); // the focus stays where one types
    take(box, option);
  });
  return found;
}

function typed(box) {
  if (box.selectionStart !== box.selectionEnd) return null;
  const when = box.dataset.mentionsWhen;
  if (when && !document.querySelector(when)?.checked) return null;
  const found = NAME.exec(box.value.slice(0, box.selectionStart));
  return found ? found[2] : null;
}

function close(box) {
  const now = open.get(box);
  if (!now) return;
  clearTimeout(now.timer);
  now.asked += 1;
  now.list.hidden = true;
  now.list.replaceChildren();
  now.at = -1;
  box.removeAttribute("aria-activedescendant");
}

function options(box) {
  return [...parts(box).list.querySelectorAll("[role=option]")];
}

function mark(box, at) {
  const now = parts(box);
  const all = options(box);
  now.at = (at + all.length) % all.length;
  all.forEach((option, index) => option.setAttribute("aria-selected", String(index === now.at)));
  const chosen = all[now.at];
  box.setAttribute("aria-activedescendant", chosen.id);
  chosen.scrollIntoView({ block: "nearest" });
  const words = chosen.querySelector("b").textContent;
  now.say.textContent = `${words}, ${now.at + 1} of ${all.length}`;
}

async function ask(box) {
  const now = parts(box);
  const words = typed(box);
  if (words === null) return close(box);
  const asked = (now.asked += 1);
  const url = `${box.dataset.mentions}?q=${encodeURIComponent(words)}`;
  let response;
  try {
    response = await fetch(url, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
  } catch {
    return close(box); // without a network the name is typed out
  }
  if (!response.ok || asked !== now.asked) return undefined;
  const text = await response.text();
  if (asked !== now.asked || typed(box) === null) return undefined;
  const page = new DOMParser().parseFromString(`<ul>${text}</ul>`, "text/html");
  const found = [...page.querySelectorAll("[role=option]")];
  if (!found.length) return close(box);
  found.forEach((option, index) => (option.id = `${now.list.id}-${index}`));
  now.list.replaceChildren(...found.map((option) => document.adoptNode(option)));
  now.list.hidden = false;
  mark(box, 0);
  return undefined;
}

function take(box, option) {
  const end = box.selectionStart;
  const start = end - typed(box).length;
  box.setRangeText(`${option.dataset.username} `, start, end, "end");
  close(box);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  close(box);
}

document.addEventListener("input", (event) => {
  const box = event.target;
  if (!box.matches?.("textarea[data-mentions]")) return;
  if (typed(box) === null) return close(box);
  const now = parts(box);
  clearTimeout(now.timer);
  now.timer = setTimeout(() => ask(box), WAIT);
});

document.addEventListener(
  "keydown",
  (event) => {
    const box = event.target;
    if (!box.matches?.("textarea[data-mentions]") || event.isComposing) return;
    const now = open.get(box);
    if (!now || now.list.hidden) return;
    const all = options(box);
    if (event.key === "ArrowDown") mark(box, now.at + 1);
    else if (event.key === "ArrowUp") mark(box, now.at - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && all[now.at]) take(box, all[now.at]);
    else if (event.key === "Escape") close(box);
    else return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

document.addEventListener("focusout", (event) => {
  if (event.target.matches?.("textarea[data-mentions]")) close(event.target);
});
