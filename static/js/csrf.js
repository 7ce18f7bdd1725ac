// The CSRF token as the cookie holds it now; a login renews it, so nobody may keep a copy.

export function csrfToken() {
  const found = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return found ? decodeURIComponent(found.slice("csrftoken=".length)) : "";
}

// Headers of every request a script makes on its own: signed, and answered with 401 instead of a login page.
export function fetchHeaders(more = {}) {
  return { "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch", ...more };
}

// After a login the forms of this page carry the old token.
export function renewTokens() {
  for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = csrfToken();
}

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});
