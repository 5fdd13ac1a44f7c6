// Speaks /review/api. For every module that asks or tells the service something.

import { heard, say } from "./language.js";

const BASE = "/review/api";
let token = "";
let person = ""; // whose the token is

/**
 * @typedef {{ signal?: AbortSignal, headers?: Record<string, string>, quiet?: boolean }} Options
 * @typedef {{
 *   state: Api.State, revision: number, actor: string, outcome: string, what: string, edited: boolean, reasons?: string[],
 *   at: string
 * }} Won What the member `won` of a 409 says
 */

/**
 * @template {"POST" | "PUT" | "DELETE"} Method
 * @template {string} Path
 * @typedef {Method extends "POST" ? Api.Post<Path>
 *   : Method extends "PUT" ? Api.Put<Path> : Api.Delete<Path>} Answer
 */

/**
 * @template {"POST" | "PUT" | "DELETE"} Method
 * @template {string} Path
 * @typedef {Method extends "POST" ? Api.PostBody<Path>
 *   : Method extends "PUT" ? Api.PutBody<Path> : Api.DeleteBody<Path>} Body
 */

/** What went wrong, as the service said it (RFC 9457), or as the network did (status 0). */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {Partial<Api.Problem> & { won?: Won }} body
   */
  constructor(status, body) {
    super(heard(body.detail || body.title || "") || say("Something went wrong."));
    this.status = status;
    this.kind = String(body.type ?? "")
      .split("/")
      .pop();
    this.pointer = body.pointer ?? "";
    this.body = body;
    this.retryAfter = 0; // seconds
  }

  /** Whether the network or the service could mend it by themselves. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * What went wrong, as a problem: whatever else is thrown is a mistake of ours, and goes on.
 *
 * @param {unknown} error
 * @returns {Problem}
 */
export function problemOf(error) {
  if (error instanceof Problem) return error;
  throw error;
}

/**
 * @typedef {{ over: () => Promise<boolean>, found: (session: Api.SessionView) => boolean }} Attendant
 * `over`: the session has ended; resolves to whether there is one again. `found`: there is another session than this page knew;
 * whether it is the same moderator's. After either, what was asked is asked once more.
 */

/** @type {Attendant} */
let attendant = { over: async () => false, found: () => false };

/**
 * Say what is to be done when the session is no longer the one that this page began with.
 *
 * @param {Attendant} given
 */
export function attend(given) {
  attendant = given;
}

/**
 * Remember the token that proves that this page, and no other, asks, and who it is that asks.
 *
 * @param {Api.SessionView} session
 */
export function remember({ csrf, name }) {
  token = csrf;
  person = name;
}

/**
 * Ask for something. Parameters that are empty are left out; lists are repeated.
 *
 * @template {string} Path
 * @param {Path} path
 * @param {Record<string, unknown>} [parameters]
 * @param {Options} [options]
 * @returns {Promise<Api.Get<Path>>}
 */
export function get(path, parameters = {}, options = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat())
      if (one !== "" && one !== null && one !== undefined) query.append(name, String(one));
  }
  return ask("GET", query.size ? `${path}?${query}` : path, undefined, options);
}

/**
 * Tell something.
 *
 * @template {"POST" | "PUT" | "DELETE"} Method
 * @template {string} Path
 * @param {Method} method
 * @param {Path} path
 * @param {Body<Method, Path>} [body]
 * @param {Options} [options]
 * @returns {Promise<Answer<Method, Path>>}
 */
export function send(method, path, body, options = {}) {
  return ask(method, path, body, options);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Options} options
 * @returns {Promise<any>}
 */
async function ask(method, path, body, options) {
  const { quiet = false } = options;
  const asker = person;
  try {
    return await askOnce(method, path, body, options);
  } catch (error) {
    if (quiet || !(error instanceof Problem)) throw error;
    const again =
      error.status === 401 ? await attendant.over() : error.status === 403 && method !== "GET" && (await retoken());
    if (asker && person !== asker)
      // nothing is done in somebody else's name
      throw new Problem(403, {
        detail: say("You are signed in as {person} in this browser now. Nothing was done.", { person }),
      });
    if (!again) throw error;
    return askOnce(method, path, body, options);
  }
}

/** Another tab of this browser may have begun another session: whether there is one, with a token of its own. */
async function retoken() {
  const before = token;
  try {
    const found = await get("/session", {}, { quiet: true });
    return found.csrf !== before && attendant.found(found);
  } catch {
    return false;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Options} options
 * @returns {Promise<any>}
 */
async function askOnce(method, path, body, { signal, headers: more = {} }) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", ...more };
  if (method !== "GET") headers["X-CSRF-Token"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = body === undefined ? undefined : JSON.stringify(body);
  let response;
  try {
    response = await fetch(BASE + path, { method, signal, headers, body: sent, credentials: "same-origin" });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw unreachable();
  }
  const said = await read(response);
  if (response.ok) {
    if (said === undefined) throw unreachable();
    return said;
  }
  const problem = new Problem(response.status, said ?? {});
  problem.retryAfter = Number(response.headers.get("Retry-After")) || 0;
  throw problem;
}

/**
 * Whether somebody stopped asking.
 *
 * @param {unknown} error
 */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The network or the service is away. */
export function unreachable() {
  return new Problem(0, { detail: say("The service can't be reached. Try again in a moment.") });
}

/**
 * What an answer says; undefined: it was cut short, or says nothing that we understand.
 *
 * @param {Response} response
 */
async function read(response) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    if (isAbort(error)) throw error;
    return undefined;
  }
}
