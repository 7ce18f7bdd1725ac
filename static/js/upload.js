// <label data-upload="URL"> around a file input: files go up one by one with their progress, and the server's answer
// (a file chip) takes its place in [data-files]. Without this module the files go with the form.
import { fetchHeaders } from "./csrf.js";
import { loginInPlace } from "./login.js";
import { element, icon } from "./marks.js";

document.addEventListener("change", (event) => {
  const zone = event.target.closest("[data-upload]");
  if (!zone || event.target.type !== "file") return;
  const files = [...event.target.files];
  event.target.value = ""; // or the form would send them once more
  upload(zone, files);
});

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const box = event.target.closest?.("[data-files]");
    const zone = box?.querySelector("[data-upload]");
    if (!zone || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    box.classList.toggle("is-dragging", kind === "dragover");
    if (kind === "drop") upload(zone, [...event.dataTransfer.files]);
  });
}

async function upload(zone, files) {
  for (const file of files) await one(zone, file);
}

async function one(zone, file) {
  const bar = element("progress", "push");
  bar.max = 1;
  bar.setAttribute("aria-label", `${file.name} uploads`);
  const chip = element("span", "file", icon("upload"), element("span", "text-truncate", file.name), bar);
  zone.before(chip);
  const limit = Number(zone.dataset.max);
  if (limit && file.size > limit) {
    refuse(chip, `Not added: larger than ${Math.floor(limit / 1_000_000)} MB.`);
    return;
  }
  let answer = await post(zone.dataset.upload, file, bar);
  if (answer.status === 401 && (await loginInPlace(answer.login))) answer = await post(zone.dataset.upload, file, bar);
  if (answer.status === 200 || answer.status === 201) {
    const holder = document.createElement("template");
    holder.innerHTML = answer.text.trim();
    chip.replaceWith(holder.content);
    zone.dispatchEvent(new Event("belay:uploaded", { bubbles: true }));
  } else {
    refuse(chip, answer.status === 422 ? plain(answer.text) : "Not added: Belay did not answer. Try again.");
  }
}

function post(url, file, bar) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(fetchHeaders())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    });
    request.addEventListener("loadend", () =>
      resolve({ status: request.status, text: request.responseText, login: request.getResponseHeader("Belay-Login") }),
    );
    const body = new FormData();
    body.append("file", file);
    request.send(body);
  });
}

function plain(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent.trim();
}

function refuse(chip, text) {
  const close = element("button", "btn btn--plain btn--square btn--small", icon("x"));
  close.type = "button";
  close.setAttribute("aria-label", "Close this note");
  close.addEventListener("click", () => chip.remove());
  const name = chip.querySelector(".text-truncate").textContent;
  chip.className = "file file--bad";
  chip.setAttribute("role", "alert");
  chip.replaceChildren(icon("alert-triangle"), element("span", "", `${name}: ${text}`), close);
}
