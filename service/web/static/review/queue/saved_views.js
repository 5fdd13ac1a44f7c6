// A moderator's saved views: lists with filters, under a name. For the queue page.

import { get, send } from "../lib/api.js";
import { ask, field } from "../lib/dialogs.js";
import { el } from "../lib/dom.js";
import { listName } from "../lib/labels.js";
import { say } from "../lib/language.js";
import { toast, toastProblem } from "../lib/toasts.js";

/** `changed` is called when the views did, `open(filters)` shows one. */
export class SavedViews {
  /** @param {{ changed: () => void, open: (filters: Api.Query) => void }} options */
  constructor({ changed, open }) {
    this.changed = changed;
    this.open = open;
    /** @type {Api.View[]} */
    this.items = [];
  }

  async load() {
    try {
      this.items = (await get("/views")).items;
      this.changed();
    } catch {
      // Without views the lists still work.
    }
  }

  /** @param {Api.Query} filters */
  async save(filters) {
    const name = el("input", { type: "text", maxlength: "60", required: true, autocomplete: "off", autofocus: true });
    name.value = listName(filters.list ?? "flagged");
    const check = () => (name.value.trim() ? "" : say("A view needs a name."));
    if (
      !(await ask(
        say("Save this view"),
        [field(say("Name"), name, say("It keeps the list and its filters, for you alone."))],
        [[say("Save"), "primary", "yes"]],
        { check },
      ))
    )
      return;
    const view = { name: name.value.trim(), query: filters };
    if (await this.put([...this.items.filter((one) => one.name !== view.name), view]))
      toast(say("Saved as “{name}”.", { name: view.name }), { kind: "good" });
  }

  /** @param {Api.View} view */
  async forget(view) {
    const before = this.items;
    if (await this.put(before.filter((one) => one !== view)))
      toast(say("The view “{name}” is gone.", { name: view.name }), { action: [say("Undo"), () => this.put(before)] });
  }

  /** @param {Api.View[]} items */
  async put(items) {
    try {
      this.items = (await send("PUT", "/views", { items })).items;
      this.changed();
      return true;
    } catch (problem) {
      toastProblem(problem);
      return false;
    }
  }
}
