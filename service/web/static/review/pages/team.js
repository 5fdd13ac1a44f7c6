// The team: who there is, inviting, changing what somebody may do and see, links, locking, removing. For `main`.
import { get, problemOf, send } from "../lib/api.js";
import { ask, field } from "../lib/dialogs.js";
import { el, icon, renew } from "../lib/dom.js";
import { agoOptions } from "../lib/labels.js";
import { phrase, say } from "../lib/language.js";
import { exactly } from "../lib/numbers.js";
import { sheetHead } from "../lib/tables.js";
import { toast, toastProblem } from "../lib/toasts.js";
import { menu } from "../queue/actions.js";

/** @import { Child } from "../lib/dom.js" */
/** @import { Frame, Page } from "../main.js" */

/** @type {[Api.Role, string, string][]} */
const ROLES = [
  ["moderator", say("Moderator"), say("Reads and decides comments.")],
  ["lead", say("Lead"), say("Also decides many at once, blocks and trusts authors, takes back what others decided.")],
  ["operator", say("Operator"), say("Also changes policies, erases for good, reads the audit log, keeps the team.")],
];
/** @type {Record<Api.PersonView["state"], [string, string]>} */
const STATES = {
  invited: ["flagged", say("Invited")],
  active: ["", ""],
  locked: ["rejected", say("Locked")],
};

/** @typedef {{ me: Api.SessionView, team: Api.TeamView, again: () => Promise<void> }} Context */

/**
 * Open it.
 *
 * @param {Pick<Frame, "me" | "href">} frame
 * @returns {Page}
 */
export function teamPage({ me, href }) {
  const body = el("div", { class: "sheet" });
  const show = async () => {
    try {
      const context = { me, team: await get("/team"), again: show };
      const { items } = context.team;
      renew(
        body,
        sheetHead(
          say("Team"),
          el(
            "button",
            { type: "button", class: "primary", on: { click: () => invite(context) } },
            say("Invite somebody…"),
          ),
        ),
        el(
          "section",
          { class: "card" },
          el(
            "ul",
            { class: "people", "aria-label": say("Team") },
            items.map((one) => person(one, context, href)),
          ),
        ),
      );
    } catch (problem) {
      renew(body, sheetHead(say("Team")), el("p", { class: "wrong", role: "alert", text: problemOf(problem).message }));
    }
  };
  return { node: body, show, close() {} };
}

/**
 * @param {Api.PersonView} one
 * @param {Context} context
 * @param {Frame["href"]} href
 */
function person(one, context, href) {
  const [kind, state] = STATES[one.state];
  return el(
    "li",
    { class: "person", "aria-label": one.name },
    el(
      "div",
      {},
      el(
        "p",
        { class: "row-of" },
        el("strong", { text: one.name }),
        el("span", { class: "tag", text: roleName(one.role) }),
        state ? el("span", { class: `tag ${kind}`, text: state }) : null,
      ),
      el(
        "p",
        { class: "meta person-facts" },
        el("span", { text: sitesOf(one) }),
        el("span", { text: factorOf(one) }),
        one.last_seen
          ? el("span", {}, phrase("Last here: {time}", { time: el("time", agoOptions(one.last_seen)) }))
          : el("span", { text: say("Never here yet") }),
      ),
      one.link_until
        ? el("p", {
            class: "hint",
            text: say("A link for them is good until {time}.", { time: exactly(one.link_until) }),
          })
        : null,
      one.managed
        ? el("p", { class: "hint", text: say("Their groups at your organisation say what they may do and see.") })
        : null,
    ),
    one.governed ? acts(one, context) : apart(one, context, href),
  );
}

/**
 * Why somebody can't be changed.
 *
 * @param {Api.PersonView} one
 * @param {Context} context
 * @param {Frame["href"]} href
 */
function apart(one, { me }, href) {
  return one.name === me.name
    ? el("p", { class: "hint" }, el("a", { href: href("settings"), text: say("Your own account is in the settings.") }))
    : el("p", { class: "hint", text: say("They see sites that you don't.") });
}

/** @param {Api.Role} role */
const roleName = (role) => ROLES.find(([value]) => value === role)?.[1] ?? role;

/** @param {Api.PersonView} one */
function sitesOf({ sites, elsewhere }) {
  if (!elsewhere) return sites.length ? sites.join(", ") : say("All sites");
  return sites.length
    ? say("{sites}, and sites that you don't see", { sites: sites.join(", ") })
    : say("No site of yours");
}

/** @param {Api.PersonView} one */
function factorOf({ second_factor: on, required, provider, password }) {
  if (on) return say("Second factor on");
  if (provider && !password) return say("Signs in at your organisation");
  return required ? say("No second factor yet, although one is needed") : say("No second factor");
}

/**
 * What one can do to somebody.
 *
 * @param {Api.PersonView} one
 * @param {Context} context
 */
function acts(one, context) {
  const more = el(
    "button",
    {
      type: "button",
      class: "quiet icon-only",
      "aria-label": say("More about {name}", { name: one.name }),
      title: say("More"),
    },
    icon("more"),
  );
  more.addEventListener("click", async () => {
    const chosen = await menu(more, one.name, items(one));
    if (chosen) await ACTS[chosen.value](one, context);
  });
  return el(
    "p",
    { class: "row-of" },
    one.managed
      ? null
      : el(
          "button",
          { type: "button", class: "quiet", on: { click: () => change(one, context) } },
          say("Change…"),
          el("span", { class: "unseen", text: one.name }),
        ),
    more,
  );
}

/** @typedef {"link" | "out" | "lock" | "unlock" | "remove"} Act */

/**
 * @param {Api.PersonView} one
 * @returns {[Act, string, string][]}
 */
function items(one) {
  /** @type {[Act, string, string][]} */
  const link = one.managed || one.state === "locked" ? [] : [["link", say("New link…"), "n"]];
  /** @type {[Act, string, string]} */
  const lock = one.state === "locked" ? ["unlock", say("Unlock"), "u"] : ["lock", say("Lock…"), "l"];
  return [...link, ["out", say("Sign out everywhere"), "s"], lock, ["remove", say("Remove…"), "r"]];
}

/** @type {Record<Act, (one: Api.PersonView, context: Context) => Promise<void>>} */
const ACTS = {
  link: newLink,
  out: (one, { again }) =>
    done(
      () => send("DELETE", `/team/${one.name}/sessions`),
      say("{name} is signed out everywhere.", { name: one.name }),
      again,
    ),
  lock: async (one, { again }) => {
    const words = say(
      "They are signed out at once and can't sign in until somebody unlocks them. Nothing else changes.",
    );
    if (await ask(say("Lock {name}?", { name: one.name }), el("p", { text: words }), [[say("Lock"), "bad", "yes"]]))
      await done(
        () => send("PUT", `/team/${one.name}/lock`, { locked: true }),
        say("{name} is locked.", { name: one.name }),
        again,
      );
  },
  unlock: (one, { again }) =>
    done(
      () => send("PUT", `/team/${one.name}/lock`, { locked: false }),
      say("{name} may sign in again.", { name: one.name }),
      again,
    ),
  remove: async (one, { again }) => {
    const typed = el("input", { type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
    const check = () =>
      typed.value.trim().toLowerCase() === one.name ? "" : say("Type the name {name}.", { name: one.name });
    const words = say("They are signed out at once, and their account is gone. What they decided keeps their name.");
    const content = [el("p", { text: words }), field(say("Type {name} to go on", { name: one.name }), typed)];
    if (await ask(say("Remove {name}?", { name: one.name }), content, [[say("Remove"), "bad", "yes"]], { check }))
      await done(() => send("DELETE", `/team/${one.name}`), say("{name} is removed.", { name: one.name }), again);
  },
};

/**
 * Do something, say so, and look again.
 *
 * @param {() => Promise<unknown>} act
 * @param {string} words
 * @param {() => Promise<void>} again
 */
async function done(act, words, again) {
  try {
    await act();
    toast(words, { kind: "good" });
  } catch (problem) {
    toastProblem(problem);
  }
  await again();
}

/**
 * Ask until `act` takes it. Null when it was closed.
 *
 * @template T
 * @param {string} title
 * @param {Child} content
 * @param {string} button
 * @param {() => string} check
 * @param {() => Promise<T>} act
 * @returns {Promise<T | null>}
 */
async function until(title, content, button, check, act) {
  const wrong = el("p", { class: "wrong", role: "alert" });
  for (;;) {
    if ((await ask(title, [el("div", {}, content), wrong], [[button, "primary", "yes"]], { check })) === null)
      return null;
    try {
      return await act();
    } catch (error) {
      wrong.textContent = problemOf(error).message;
    }
  }
}

/** @param {Context} context */
async function invite(context) {
  const name = el("input", {
    type: "text",
    maxlength: "63",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    autofocus: true,
  });
  const access = accessFields(context, { role: "moderator", sites: [], elsewhere: true });
  const here = option(say("They choose a password here"), !context.team.provider);
  const made = await until(
    say("Invite somebody"),
    [
      field(say("Name"), name, say("Small letters and digits. They may choose another when they accept.")),
      access.fields,
      context.team.provider ? here.node : null,
    ],
    say("Make a link"),
    () => (name.value.trim() ? access.check() : say("Say who it is for.")),
    () => send("POST", "/team", { name: name.value.trim(), ...access.value(), password: here.box.checked }),
  );
  if (made) await showLink(made, context);
}

/**
 * @param {Api.PersonView} one
 * @param {Context} context
 */
async function change(one, context) {
  const access = accessFields(context, one);
  const changed = await until(
    say("What {name} may do and see", { name: one.name }),
    [access.fields, el("p", { class: "hint", text: say("A change signs them out; they sign in again.") })],
    say("Change it"),
    access.check,
    () => send("PUT", `/team/${one.name}`, access.value()),
  );
  if (!changed) return;
  toast(say("{name} is changed.", { name: one.name }), { kind: "good" });
  await context.again();
}

/**
 * @param {Api.PersonView} one
 * @param {Context} context
 */
async function newLink(one, context) {
  const here = option(say("They choose a password here"), one.password || !context.team.provider);
  const lost = option(say("Take their second factor away, since they lost it"), false);
  const made = await until(
    say("A new link for {name}", { name: one.name }),
    [
      el("p", {
        text:
          one.state === "invited"
            ? say("The link that they have is good no more then.")
            : say("With it they choose a new password. Until then nothing changes. Make sure that it is they who ask."),
      }),
      context.team.provider ? here.node : null,
      one.second_factor ? lost.node : null,
    ],
    say("Make a link"),
    () => "",
    () =>
      send("POST", `/team/${one.name}/link`, { password: here.box.checked, forget_second_factor: lost.box.checked }),
  );
  if (made) await showLink(made, context);
}

/**
 * Show a link, this once.
 *
 * @param {Api.LinkView} made
 * @param {Context} context
 */
async function showLink(made, context) {
  const address = el("input", { type: "text", readonly: true, autofocus: true });
  address.value = new URL(made.link, location.href).href;
  address.addEventListener("focus", () => address.select());
  const copied = el("span", { class: "hint", role: "status" });
  const copy = async () => {
    address.select();
    try {
      await navigator.clipboard.writeText(address.value);
      copied.textContent = say("Copied.");
    } catch {
      copied.textContent = say("It is selected; copy it by hand.");
    }
  };
  await ask(
    say("A link for {name}", { name: made.name }),
    [
      el("p", {
        text: say("Give it to {name} and to nobody else. It is good once, until {time}, and is not shown again.", {
          name: made.name,
          time: exactly(made.until),
        }),
      }),
      field(say("Link"), address),
      el(
        "p",
        { class: "row-of" },
        el("button", { type: "button", class: "quiet", on: { click: copy } }, say("Copy")),
        copied,
      ),
    ],
    [[say("Done"), "primary", "yes"]],
  );
  await context.again();
}

/**
 * A box with a label.
 *
 * @param {string} text
 * @param {boolean} on
 */
function option(text, on) {
  const box = el("input", { type: "checkbox" });
  box.checked = on;
  return { box, node: el("label", { class: "option" }, box, el("span", { text })) };
}

/**
 * Fields for a role and sites, within what I may give.
 *
 * @param {Context} context
 * @param {Pick<Api.PersonView, "role" | "sites" | "elsewhere">} now
 */
function accessFields({ me, team }, now) {
  const own = team.items.find(({ name }) => name === me.name);
  const everywhere = Boolean(own) && !own?.elsewhere && !own?.sites.length;
  const role = el(
    "select",
    {},
    ROLES.map(([value, name]) => new Option(name, value, false, value === now.role)),
  );
  const hint = el("p", { class: "hint", role: "status" });
  const explain = () => (hint.textContent = ROLES.find(([value]) => value === role.value)?.[2] ?? "");
  role.addEventListener("change", explain);
  explain();
  const all = option(say("All sites, also those to come"), everywhere && !now.elsewhere && !now.sites.length);
  const some = me.sites.map((site) => ({ site, ...option(site, now.sites.includes(site) || me.sites.length === 1) }));
  const list = el(
    "div",
    { class: "options" },
    some.map(({ node }) => node),
  );
  const follow = () => (list.hidden = all.box.checked);
  all.box.addEventListener("change", follow);
  follow();
  const chosen = () => some.filter(({ box }) => box.checked).map(({ site }) => site);
  return {
    fields: [
      field(say("Role"), role),
      hint,
      el("fieldset", { class: "sites" }, el("legend", { text: say("Sites") }), everywhere ? all.node : null, list),
    ],
    check: () => (all.box.checked || chosen().length ? "" : say("Choose at least one site.")),
    value: () => ({ role: /** @type {Api.Role} */ (role.value), sites: all.box.checked ? [] : chosen() }),
  };
}
