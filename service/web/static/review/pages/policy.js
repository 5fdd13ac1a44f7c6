// A site's policy: read it, change it in a form or as a document, try it on the past, save it. For `main`.
import { Problem, get, problemOf, send } from "../lib/api.js";
import { ask, field } from "../lib/dialogs.js";
import { el, put } from "../lib/dom.js";
import { draft, keepDraft, keeping } from "../lib/drafts.js";
import { actorName, byActor, colon, learnHouseRules } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { exactly } from "../lib/numbers.js";
import { sheetHead, siteChooser, table } from "../lib/tables.js";
import { keepAbove, toast, toastProblem } from "../lib/toasts.js";
import { changesView } from "./policy_changes.js";
import { PolicyForm, mistakeText } from "./policy_form.js";
import { previewView } from "./policy_preview.js";
import { promiseView } from "./policy_promise.js";

/** @import { Frame, Page } from "../main.js" */

/** @typedef {{ node: HTMLElement, mark: (mistakes: Api.Mistake[]) => Api.Mistake[] }} Editor */

const LAST = 5_000; // comments that a preview looks at

/** What is there before a policy is. @type {Api.PolicyView} */
const NOTHING = {
  site: "",
  edition: { version: 0, at: null, by: "", note: "" },
  policy: {},
  effective: {},
  presets: {},
};

/**
 * Open it.
 *
 * @param {Frame} frame
 * @returns {Page}
 */
export function policyPage(frame) {
  const page = new PolicyPage(frame);
  return { node: page.node, show: (parameters) => page.show(parameters), close: () => page.close() };
}

class PolicyPage {
  /** @param {Frame} frame */
  constructor({ me, may, go, href }) {
    this.me = me;
    this.may = may;
    this.go = go;
    this.href = href;
    this.site = "";
    /** @type {Api.PolicyView} */
    this.view = NOTHING;
    /** @type {Api.KeptView[]} */
    this.editions = [];
    /** @type {Api.Policy} */
    this.draft = {};
    this.begun = 0; // the edition that the draft began with
    this.asDocument = false;
    /** @type {string | null} */
    this.typed = null; // the document, while it can't be read
    /** @type {Editor | null} */
    this.form = null;
    this.node = el("div", { class: "sheet" });
    this.wrong = el("div", { class: "wrong", role: "alert" });
    this.meaning = el("p", { class: "meta" });
    this.discard = button("quiet", say("Discard changes"), () => this.open(this.view.policy));
    this.trial = button("quiet", say("Try on the past"), () => this.preview());
    this.keep = button("primary", say("Save…"), () => this.save());
    this.result = el("div", { "aria-live": "polite" });
    this.promise = el("div", { "aria-live": "polite" });
    this.warn = (/** @type {Event} */ event) => this.changed && event.preventDefault();
    addEventListener("beforeunload", this.warn);
  }

  /** @param {URLSearchParams} parameters */
  async show(parameters) {
    const site = parameters.get("site") || this.me.sites[0] || "";
    if (site === this.site) return;
    this.site = site;
    if (!site) {
      put(this.node, sheetHead(say("Policy")), el("p", { class: "hint", text: say("There are no sites yet.") }));
      return;
    }
    try {
      const [view, history] = await Promise.all([get(`/sites/${site}/policy`), get(`/sites/${site}/policy/history`)]);
      this.load(view, history.items);
    } catch (problem) {
      put(
        this.node,
        sheetHead(say("Policy")),
        el("p", { class: "wrong", role: "alert", text: problemOf(problem).message }),
      );
    }
  }

  close() {
    removeEventListener("beforeunload", this.warn);
  }

  get changed() {
    return this.typed !== null || JSON.stringify(this.draft) !== JSON.stringify(this.view.policy);
  }

  /**
   * @param {Api.PolicyView} view
   * @param {Api.KeptView[]} editions
   */
  load(view, editions) {
    this.view = view;
    this.editions = editions;
    const kept = draft(`policy ${this.site}`);
    this.draft = structuredClone(kept?.policy ?? view.policy);
    this.begun = kept?.version ?? view.edition.version;
    this.typed = kept?.typed ?? null;
    this.asDocument ||= this.typed !== null;
    this.paint();
    void this.promised();
  }

  /** How what the thresholds promise stands: it takes a moment, and nothing waits for it. */
  async promised() {
    const site = this.site;
    put(this.promise);
    if (!this.view.policy.promise || !this.may("preview")) return;
    put(this.promise, el("p", { class: "hint", text: say("Looking at what was promised…") }));
    try {
      const found = await get(`/sites/${site}/promise`);
      if (site === this.site) put(this.promise, promiseView(found));
    } catch (problem) {
      if (site === this.site)
        put(this.promise, el("p", { class: "wrong", role: "alert", text: problemOf(problem).message }));
    }
  }

  paint() {
    const fixed = !this.may("policy") && !this.may("preview");
    this.form = this.asDocument
      ? this.document(fixed)
      : new PolicyForm(this.draft, { view: this.view, fixed, changed: () => this.tools() });
    put(this.wrong);
    const mode = (/** @type {string} */ name, /** @type {boolean} */ value) =>
      el(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-pressed": String(this.asDocument === value),
          on: { click: () => this.switch(value) },
        },
        name,
      );
    const modes = [mode(say("Form"), false), mode(say("Document"), true)];
    put(
      this.node,
      sheetHead(
        say("Policy"),
        siteChooser(this.me.sites, this.site, (site) => (put(this.result), this.go({ site })), ""),
        el("span", { class: "switch", role: "group", "aria-label": say("Edit as") }, modes),
      ),
      this.edition(),
      this.promise,
      this.form.node,
      this.buttons(),
      this.result,
      this.history(),
    );
    this.tools();
  }

  /** What can be done, made once: a button that is replaced while it is pressed hears no click. */
  buttons() {
    const saving = this.may("policy")
      ? this.keep
      : el("span", { class: "hint", text: say("Saving takes an operator.") });
    const bar = el(
      "div",
      { class: "card policy-bar" },
      this.meaning,
      this.wrong,
      el("span", { class: "row-of" }, this.discard, this.may("preview") ? this.trial : null, saving),
    );
    keepAbove(bar);
    return bar;
  }

  /** What can be done now. */
  tools() {
    keepDraft(
      `policy ${this.site}`,
      this.changed ? { policy: this.draft, version: this.begun, typed: this.typed } : null,
    );
    const overtaken =
      this.begun !== this.view.edition.version ? ` ${say("Somebody saved another edition since you began.")}` : "";
    this.meaning.textContent = this.changed
      ? say("Not saved yet, kept in this browser.") + overtaken
      : say("This is what counts now.");
    this.discard.hidden = !this.changed;
    this.trial.disabled = this.keep.disabled = !this.changed;
  }

  edition() {
    const { version, at, by, note } = this.view.edition;
    return el("p", {
      class: "meta",
      text: version
        ? say("Edition {version}, since {time}, {by}{why}.", {
            version: String(version),
            time: exactly(at ?? ""),
            by: byActor(by),
            why: colon(note),
          })
        : say("The policy that every site begins with."),
    });
  }

  /**
   * @param {boolean} fixed
   * @returns {Editor}
   */
  document(fixed) {
    const text = el("textarea", {
      class: "document",
      "aria-label": say("The policy as a document (JSON)"),
      spellcheck: "false",
      disabled: fixed,
      data: { pointer: "/policy" },
    });
    text.value = this.typed ?? JSON.stringify(this.draft, null, 2);
    const read = () => {
      try {
        this.draft = JSON.parse(text.value);
        this.typed = null;
      } catch {
        this.typed = text.value; // said when it is to be used
      }
      text.ariaInvalid = this.typed === null ? null : "true";
    };
    read();
    text.addEventListener("input", () => {
      put(this.wrong);
      read();
      this.tools();
    });
    const node = el(
      "section",
      { class: "card" },
      el("h2", { text: say("The document") }),
      el("p", { class: "hint", text: say("The same as the interface and the command line have it.") }),
      text,
    );
    /** @param {Api.Mistake[]} mistakes */
    const mark = (mistakes) => {
      text.focus();
      return mistakes;
    };
    return { node, mark };
  }

  /** @param {boolean} asDocument */
  switch(asDocument) {
    if (this.asDocument === asDocument || !this.readable()) return;
    this.asDocument = asDocument;
    this.paint();
  }

  readable() {
    if (this.typed === null) return true;
    try {
      JSON.parse(this.typed);
    } catch (error) {
      put(this.wrong, say("This is no JSON: {message}", { message: error instanceof Error ? error.message : "" }));
      this.form?.mark([]);
    }
    return false;
  }

  async preview() {
    if (!this.readable()) return;
    this.trial.disabled = true;
    put(this.result, el("p", { class: "hint", text: say("Trying it on the past…") }));
    try {
      put(
        this.result,
        previewView(
          await send("POST", `/sites/${this.site}/policy/preview`, { policy: this.draft, last: LAST }),
          this.href,
        ),
      );
      this.result.scrollIntoView({ block: "nearest" });
    } catch (problem) {
      put(this.result);
      this.refused(problemOf(problem));
    } finally {
      this.tools();
    }
  }

  save() {
    if (!this.readable()) return;
    const act = (/** @type {string} */ note, /** @type {number} */ version) =>
      send("PUT", `/sites/${this.site}/policy`, { policy: this.draft, note, version });
    this.tell(say("Save this policy?"), say("Save"), act, say("Saved."), this.draft);
  }

  /** @param {number} version */
  restore(version) {
    const act = (/** @type {string} */ note, /** @type {number} */ live) =>
      send("POST", `/sites/${this.site}/policy/restore`, { edition: version, note, version: live });
    const { policy } = this.editions.find(({ edition }) => edition.version === version) ?? { policy: {} };
    this.tell(
      say("Restore edition {version}?", { version: String(version) }),
      say("Restore"),
      act,
      say("Edition {version} counts again.", { version: String(version) }),
      policy,
    );
  }

  /**
   * Ask why, and have another policy count.
   *
   * @param {string} title
   * @param {string} name
   * @param {(note: string, version: number) => Promise<Api.PolicyView>} act
   * @param {string} done
   * @param {Api.Policy} next
   */
  async tell(title, name, act, done, next) {
    const why = `policy ${this.site}, why`;
    const note = keeping(why, el("input", { type: "text", maxlength: "500", autocomplete: "off" }));
    if (
      !(await ask(
        title,
        [
          el("p", { text: say("It counts for what is judged from now on.") }),
          changesView(this.view.policy, next),
          field(say("Why? (for the history)"), note),
        ],
        [[name, "primary", "yes"]],
      ))
    )
      return;
    try {
      const view = await act(note.value.trim(), this.view.edition.version);
      const history = await get(`/sites/${this.site}/policy/history`);
      put(this.result);
      for (const name of [`policy ${this.site}`, why]) keepDraft(name, null);
      this.load(view, history.items);
      const rules = view.policy.house_rules ?? [];
      learnHouseRules({ [this.site]: rules.map(({ code, name, text }) => ({ code, name, text: text || name })) });
      toast(done, { kind: "good" });
    } catch (problem) {
      this.refused(problemOf(problem));
    }
  }

  /**
   * Say everything that is wrong: where it is wrong, or, if there is no field for it, beside the buttons.
   *
   * @param {Problem} problem
   */
  refused(problem) {
    if (problem.status === 409) {
      toast(say("Somebody saved another edition meanwhile. Copy what you need and reload."), { kind: "bad" });
      return;
    }
    if (problem.status !== 422 && problem.status !== 400) {
      toastProblem(problem);
      return;
    }
    const { errors = [{ detail: problem.message, pointer: problem.pointer }], errors_left_out: left = 0 } =
      problem.body;
    const lines = (this.form?.mark(errors) ?? []).map((mistake) => {
      const place = (mistake.pointer ?? "").replace("/policy", "");
      return el("li", { text: place ? place + colon(mistakeText(mistake)) : mistakeText(mistake) });
    });
    if (left)
      lines.push(el("li", { text: say("And {count} more, which are named once these are mended.", { count: left }) }));
    const count = errors.length + left;
    put(
      this.wrong,
      count > 1 ? el("p", { text: say("There are {count} mistakes.", { count }) }) : null,
      lines.length ? el("ul", {}, lines) : null,
    );
  }

  /** @param {Api.Policy} policy */
  open(policy) {
    this.draft = structuredClone(policy);
    this.begun = this.view.edition.version;
    this.typed = null;
    put(this.result);
    this.paint();
  }

  history() {
    const rows = this.editions.map(({ edition, policy }) => [
      String(edition.version),
      edition.at ? exactly(edition.at) : say("from the start"),
      actorName(edition.by) || "–",
      edition.note,
      edition.version === this.view.edition.version
        ? el("span", { class: "tag approved", text: say("Counts now") })
        : this.choices(edition.version, policy),
    ]);
    return el(
      "section",
      { class: "card" },
      el("h2", { text: say("Editions") }),
      rows.length
        ? table([[say("No.")], [say("Since")], [say("By")], [say("Why")], [say("What")]], rows, say("Editions"))
        : el("p", { class: "hint", text: say("It was never changed.") }),
    );
  }

  /**
   * What can be done with an earlier edition: look at it and go on from there, or have it count again as it is.
   *
   * @param {number} version
   * @param {Api.Policy} policy
   */
  choices(version, policy) {
    /**
     * @param {string} name
     * @param {() => unknown} act
     */
    const button = (name, act) =>
      el(
        "button",
        {
          type: "button",
          class: "link",
          "aria-label": say("{action} edition {version}", { action: name, version: String(version) }),
          on: { click: act },
        },
        name,
      );
    return el(
      "span",
      { class: "choices" },
      button(say("Open"), () => this.open(policy)),
      this.may("policy") ? button(say("Restore…"), () => this.restore(version)) : null,
    );
  }
}

/**
 * @param {string} kind
 * @param {string} name
 * @param {() => unknown} click
 */
function button(kind, name, click) {
  return el("button", { type: "button", class: kind, on: { click } }, name);
}
