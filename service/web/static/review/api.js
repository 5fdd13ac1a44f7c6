// Speaks /review/api. For every module that asks or tells the service something.

const BASE = "/review/api";
let token = "";

/** What went wrong, as the service said it (RFC 9457), or as the network did (status 0). */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || "Something went wrong.");
    this.status = status;
    this.kind = String(body.type ?? "").split("/").pop();
    this.pointer = body.pointer ?? "";
    this.body = body;
    this.retryAfter = 0; // seconds
  }
}

/** Fires "signedout" when the session is over. */
export const session = new EventTarget();

/** Remember the token that proves that this page, and no other, asks. */
export function remember(csrf) {
  token = csrf;
}

/** Ask for something. Parameters that are empty are left out; lists are repeated. */
export function get(path, parameters = {}, options = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) if (one !== "" && one !== null && one !== undefined) query.append(name, one);
  }
  return ask("GET", query.size ? `${path}?${query}` : path, undefined, options);
}

/** Tell something. */
export function send(method, path, body, options = {}) {
  return ask(method, path, body, options);
}

async function ask(method, path, body, { signal, headers = {}, quiet = false } = {}) {
  const options = { method, signal, headers: { Accept: "application/json", ...headers }, credentials: "same-origin" };
  if (method !== "GET") options.headers["X-CSRF-Token"] = token;
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(BASE + path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The service can't be reached. Nothing was changed; try again in a moment." });
  }
  const said = await read(response);
  if (response.ok) return said;
  const problem = new Problem(response.status, said ?? {});
  problem.retryAfter = Number(response.headers.get("Retry-After")) || 0;
  if (response.status === 401 && !quiet) session.dispatchEvent(new Event("signedout"));
  throw problem;
}

async function read(response) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch {
    return null;
  }
}
