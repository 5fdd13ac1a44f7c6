// A site's policy: read it, change it in a form or as a document, try it on the past, save it. For `review.js`.

import { get, send } from "./api.js";
import { ask, field } from "./dialogs.js";
import { el, put } from "./dom.js";
import { PolicyForm } from "./policyform.js";
import { previewView } from "./policypreview.js";
import { sheetHead, siteChooser, table } from "./tables.js";
import { toast, toastProblem } from "./toasts.js";
import { actorName, exactly } from "./words.js";

const LAST = 5_000; // comments that a preview looks at

/** Open it. */
export function policyPage({ me, may, go, href }) {
  const page = new PolicyPage({ me, may, go, href });
  return { node: page.node, show: (parameters) => page.show(parameters), close: () => page.close() };
}

class PolicyPage {
  constructor({ me, may, go, href }) {
    Object.assign(this, { me, may, go, href, site: "", view: null, draft: null, asDocument: false });
    this.node = el("div", { class: "sheet" });
    this.wrong = el("div", { class: "wrong", role: "alert" });
    this.result = el("div", { "aria-live": "polite" });
    this.warn = (event) => this.changed && event.preventDefault();
    addEventListener("beforeunload", this.warn);
  }

  async show(parameters) {
    const site = parameters.get("site") || this.me.sites[0] || "";
    if (site === this.site) return;
    this.site = site;
    if (!site) {
      put(this.node, sheetHead("Policy"), el("p", { class: "hint", text: "There are no sites yet." }));
      return;
    }
    try {
      const [view, history] = await Promise.all([get(`/sites/${site}/policy`), get(`/sites/${site}/policy/history`)]);
      this.load(view, history.items);
    } catch (problem) {
      put(this.node, sheetHead("Policy"), el("p", { class: "wrong", role: "alert", text: problem.message }));
    }
  }

  close() {
    removeEventListener("beforeunload", this.warn);
  }

  get changed() {
    return this.view !== null && JSON.stringify(this.draft) !== JSON.stringify(this.view.policy);
  }

  load(view, editions) {
    Object.assign(this, { view, editions, draft: structuredClone(view.policy) });
    this.paint();
  }

  paint() {
    const fixed = !this.may("policy") && !this.may("preview");
    this.form = this.asDocument ? this.document(fixed) : new PolicyForm(this.draft, { view: this.view, fixed, changed: () => this.tools() });
    put(this.wrong);
    const modes = [["Form", false], ["Document", true]].map(([name, value]) => el("button", { type: "button", class: "quiet", "aria-pressed": String(this.asDocument === value), on: { click: () => this.switch(value) } }, name));
    put(this.node, sheetHead("Policy", siteChooser(this.me.sites, this.site, (site) => this.leave(site), ""), el("span", { class: "switch", role: "group", "aria-label": "Edit as" }, modes)), this.edition(), this.form.node, this.buttons(), this.result, this.history());
    this.tools();
  }

  /** What can be done, made once: a button that is replaced while it is pressed hears no click. */
  buttons() {
    this.meaning = el("p", { class: "meta" });
    this.discard = el("button", { type: "button", class: "quiet", on: { click: () => this.open(this.view.policy) } }, "Discard changes");
    this.trial = el("button", { type: "button", class: "quiet", on: { click: () => this.preview() } }, "Try on the past");
    this.keep = el("button", { type: "button", class: "primary", on: { click: () => this.save() } }, "Save…");
    const saving = this.may("policy") ? this.keep : el("span", { class: "hint", text: "Saving takes an operator." });
    return el("div", { class: "card policy-bar" }, this.meaning, this.wrong, el("span", { class: "row-of" }, this.discard, this.may("preview") ? this.trial : null, saving));
  }

  /** What can be done now. */
  tools() {
    this.meaning.textContent = this.changed ? "Not saved yet. What was judged already stays as it is." : "This is what counts now.";
    this.discard.hidden = !this.changed;
    this.trial.disabled = this.keep.disabled = !this.changed && !this.asDocument;
  }

  edition() {
    const { version, at, by, note } = this.view.edition;
    return el("p", { class: "meta", text: version ? `Edition ${version}, since ${exactly(at)}, by ${actorName(by)}${note ? `: ${note}` : ""}.` : "The policy that every site begins with." });
  }

  document(fixed) {
    const text = el("textarea", { class: "document", "aria-label": "The policy as a document (JSON)", spellcheck: "false", disabled: fixed, data: { pointer: "/policy" } });
    text.value = JSON.stringify(this.draft, null, 2);
    text.addEventListener("input", () => {
      put(this.wrong);
      try {
        this.draft = JSON.parse(text.value);
        text.removeAttribute("aria-invalid");
      } catch {
        text.setAttribute("aria-invalid", "true"); // said when it is to be used
      }
      this.tools();
    });
    const node = el("section", { class: "card" }, el("h2", { text: "The document" }), el("p", { class: "hint", text: "The same as the interface and the command line have it." }), text);
    const mark = (mistakes) => {
      text.focus();
      return mistakes;
    };
    return { node, mark };
  }

  switch(asDocument) {
    if (this.asDocument === asDocument || !this.readable()) return;
    this.asDocument = asDocument;
    this.paint();
  }

  readable() {
    const text = this.node.querySelector("textarea.document[aria-invalid]");
    if (!text) return true;
    try {
      JSON.parse(text.value);
    } catch (error) {
      put(this.wrong, `This is no JSON: ${error.message}`);
      text.focus();
    }
    return false;
  }

  async preview() {
    if (!this.readable()) return;
    this.trial.disabled = true;
    put(this.result, el("p", { class: "hint", text: "Trying it on the past…" }));
    try {
      put(this.result, previewView(await send("POST", `/sites/${this.site}/policy/preview`, { policy: this.draft, last: LAST }), this.href));
      this.result.scrollIntoView({ block: "nearest" });
    } catch (problem) {
      put(this.result);
      this.refused(problem);
    } finally {
      this.tools();
    }
  }

  save() {
    if (this.readable()) this.tell("Save this policy?", "Save", ["PUT", `/sites/${this.site}/policy`, { policy: this.draft }], "Saved.");
  }

  restore(version) {
    this.tell(`Restore edition ${version}?`, "Restore", ["POST", `/sites/${this.site}/policy/restore`, { edition: version }], `Edition ${version} counts again.`);
  }

  /** Ask why, and have another policy count. */
  async tell(title, name, [method, path, body], done) {
    const note = el("input", { type: "text", maxlength: "500", autocomplete: "off" });
    if (!(await ask(title, [el("p", { text: "It counts for what is judged from now on." }), field("Why? (for the history)", note)], [[name, "primary", "yes"]]))) return;
    try {
      const view = await send(method, path, { ...body, note: note.value.trim(), version: this.view.edition.version });
      const history = await get(`/sites/${this.site}/policy/history`);
      put(this.result);
      this.load(view, history.items);
      toast(done, { kind: "good" });
    } catch (problem) {
      this.refused(problem);
    }
  }

  /** Say everything that is wrong: where it is wrong, or, if there is no field for it, beside the buttons. */
  refused(problem) {
    if (problem.status === 409) {
      toast("Somebody saved another edition meanwhile. Copy what you need and reload.", { kind: "bad" });
      return;
    }
    if (problem.status !== 422 && problem.status !== 400) {
      toastProblem(problem);
      return;
    }
    const { errors = [{ detail: problem.message, pointer: problem.pointer }], errors_left_out: left = 0 } = problem.body;
    const lines = this.form.mark(errors).map(({ detail, pointer = "" }) => {
      const place = pointer.replace("/policy", "");
      return el("li", { text: place ? `${place}: ${detail}` : detail });
    });
    if (left) lines.push(el("li", { text: `And ${left} more, which are named once these are mended.` }));
    const count = errors.length + left;
    put(this.wrong, count > 1 ? el("p", { text: `There are ${count} mistakes.` }) : null, lines.length ? el("ul", {}, lines) : null);
  }

  open(policy) {
    this.draft = structuredClone(policy);
    put(this.result);
    this.paint();
  }

  async leave(site) {
    if (this.changed && !(await ask("Leave without saving?", el("p", { text: "What you changed here will be lost." }), [["Leave", "bad", "yes"]]))) {
      this.paint();
      return;
    }
    put(this.result);
    this.go({ site });
  }

  history() {
    const rows = this.editions.map(({ edition, policy }) => [
      String(edition.version), edition.at ? exactly(edition.at) : "from the start", actorName(edition.by) || "–", edition.note,
      edition.version === this.view.edition.version ? el("span", { class: "tag approved", text: "Counts now" }) : this.choices(edition.version, policy),
    ]); // prettier-ignore
    return el("section", { class: "card" }, el("h2", { text: "Editions" }), rows.length ? table([["No."], ["Since"], ["By"], ["Why"], ["What"]], rows, "Editions") : el("p", { class: "hint", text: "It was never changed." }));
  }

  /** What can be done with an earlier edition: look at it and go on from there, or have it count again as it is. */
  choices(version, policy) {
    const button = (name, act) => el("button", { type: "button", class: "link", "aria-label": `${name} edition ${version}`, on: { click: act } }, name);
    return el("span", { class: "choices" }, button("Open", () => this.open(policy)), this.may("policy") ? button("Restore…", () => this.restore(version)) : null);
  }
}
