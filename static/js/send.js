// Requests of our own scripts: signed, and when the session has ended, repeated after a login in place.
import { fetchHeaders } from "./csrf.js";
import { loginInPlace } from "./login.js";

// A Response, or null when the person chose not to log in. Throws TypeError when there is no network.
export async function send(url, { method = "POST", body, headers = {}, askLogin = true, keepalive = false } = {}) {
  if (body instanceof FormData || body instanceof URLSearchParams) body.delete("csrfmiddlewaretoken");
  const attempt = () =>
    fetch(url, { method, body, keepalive, headers: fetchHeaders(headers), credentials: "same-origin" });
  const response = await attempt();
  const login = response.status === 401 && response.headers.get("Belay-Login");
  if (!login || !askLogin) return response;
  return (await loginInPlace(login)) ? attempt() : null;
}
