// "12 min ago" grows old while the page stands open. The same words as web/formats.py, from this machine's clock
// corrected by the server's: the page says at what instant it was made.

const EVERY = 30_000;

function oneUnit(seconds) {
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86_400);
  if (days < 60) return `${days} d`;
  return days < 730 ? `${Math.floor(days / 30)} months` : `${Math.floor(days / 365)} years`;
}

export function relative(at, now) {
  const seconds = (at - now) / 1000;
  if (Math.abs(seconds) < 60) return seconds <= 0 ? "just now" : "in under 1 min";
  return seconds > 0 ? `in ${oneUnit(seconds)}` : `${oneUnit(-seconds)} ago`;
}

const made = Date.parse(document.querySelector("meta[name=belay-now]")?.content ?? "");
const drift = Number.isNaN(made) ? 0 : made - Date.now();

export function serverNow() {
  return Date.now() + drift;
}

function refresh() {
  for (const shown of document.querySelectorAll("time[datetime] [data-relative]")) {
    const text = relative(Date.parse(shown.parentElement.getAttribute("datetime")), serverNow());
    if (shown.textContent !== text) shown.textContent = text;
  }
}

setInterval(() => document.hidden || refresh(), EVERY);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
