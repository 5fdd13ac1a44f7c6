// One comment, to be read and judged. For the queue page.
import { el, icon, put, renew } from "../lib/dom.js";
import { keyHint } from "../lib/keys.js";
import {
  actorName,
  agoOptions,
  byActor,
  colon,
  doneName,
  emptyText,
  labelName,
  reasonName,
  sentence,
  stateName,
  timeOptions,
} from "../lib/labels.js";
import { phrase, say, within } from "../lib/language.js";
import { count, exactly } from "../lib/numbers.js";
import { prefer, preference } from "../lib/preferences.js";
import { cover, covered, coveredWords, excerptView, isLifted, kindOf, known, lift } from "../text/content_warning.js";
import { hostOf, marksOf, passagesOf } from "../text/highlights.js";
import { diffView, shortView, textView } from "../text/render.js";
import { calm } from "../text/unicode.js";
import { language } from "./filters.js";
import { handedView } from "./handing.js";
import { sameText } from "./list_store.js";
import { outcomeText, pageView, reportsText } from "./row.js";
import { replies, siblings } from "./thread.js";

/**
 * @import { Picture } from "../lib/dom.js"
 * @import { Action } from "../lib/keys.js"
 * @import { Mark } from "../text/highlights.js"
 * @import { Tools } from "./author.js"
 * @import { ListStore, Shown } from "./list_store.js"
 */

/**
 * What is said where no comment is shown; null: nothing yet.
 *
 * @param {ListStore} store
 * @returns {[title: string, text: string, picture?: Picture] | null}
 */
export function emptyOf(store) {
  const { current, filters, items, loaded, next, searched } = store;
  const list = filters.list ?? "flagged";
  if (!loaded || (current.id && !current.failed)) return null;
  if (current.failed) return [say("This comment can't be shown"), current.failed, "cross"];
  if (!items.every((item) => item.left)) return ["", ""];
  if (next)
    return [
      say("Nothing found so far"),
      searched
        ? say("Nothing among the first {count}. Look further, or take a filter away.", { count: searched })
        : say("Look further, or take a filter away."),
      "search",
    ];
  const filtered = Object.keys(filters).filter((name) => name !== "list" && name !== "sort").length;
  if (filters.handed && filtered === 1)
    return [say("Nothing here"), say("What colleagues hand to you, or to your role, appears here.")];
  if (filtered)
    return [
      say("Nothing found"),
      say("Nothing in this list matches. Take a filter away, or search for something else."),
      "search",
    ];
  return [list === "flagged" ? say("All clear") : say("Nothing here"), emptyText(list)];
}

/**
 * The middle pane. `href` makes a comment's address, `back` closes it (on a phone), `evidence` shows why, `undo` takes a decision back, `retry` reads once more,
 * `accept` shows a comment as it has become.
 */
export class CommentPane {
  /**
   * @param {{
   *   href: Tools["href"], back: () => void, evidence: () => void, undo: (row: Shown, undo: Api.Undo) => unknown,
   *   retry: () => void, accept: (newer: Api.Detail) => void,
   * }} options
   */
  constructor({ href, back, evidence, undo, retry, accept }) {
    this.href = href;
    this.back = back;
    this.evidence = evidence;
    this.undo = undo;
    this.retry = retry;
    this.accept = accept;
    this.node = el("article", { class: "comment", "aria-label": say("Comment"), tabindex: "-1", data: { lands: "" } });
    this.whole = false;
    /** @type {[Shown, Api.Detail, Api.Explanation | null, Api.Detail | null] | null} */
    this.last = null; // what is shown
    this.id = ""; // … or waited for
    /** @type {Set<number>} */
    this.uncovered = new Set(); // where the covered words begin that somebody wanted to read
  }

  /**
   * Nothing to show: say why.
   *
   * @param {string} title
   * @param {string} text
   * @param {Picture} [picture]
   * @param {boolean} [again] whether it is worth asking once more
   */
  empty(title, text, picture = "check", again = false) {
    this.last = null;
    this.id = "";
    const said = el(
      "div",
      { class: "nothing" },
      icon(picture),
      el("h2", { text: title }),
      el("p", { text }),
      again ? el("button", { type: "button", class: "quiet", on: { click: this.retry } }, say("Try again")) : null,
    );
    put(this.node, title ? said : null);
  }

  /**
   * Show what the list says, until all of it is here.
   *
   * @param {string} id
   * @param {Shown | null} row
   */
  waiting(id, row) {
    if (this.id === id && !this.last) return;
    this.id = id;
    this.whole = false;
    this.uncovered.clear();
    this.last = null;
    put(
      this.node,
      row ? this.head(row) : null,
      el(
        "div",
        { class: "comment-text", "aria-busy": "true" },
        row ? el("p", { class: "text", dir: "auto" }, excerptView(row)) : skeleton(4),
      ),
    );
  }

  /**
   * Show a comment. `explanation` is the one whose words are marked; `newer` is what it has become since.
   *
   * @param {Shown} row
   * @param {Api.Detail} detail
   * @param {Api.Explanation | null} explanation
   * @param {Api.Detail | null} newer
   */
  show(row, detail, explanation, newer) {
    const again = this.last?.[0].id === row.id;
    this.id = row.id;
    this.last = [row, detail, explanation, newer];
    const blind = preference("blind");
    const marks = explanation ? marksOf(explanation, "text") : [];
    (again ? renew : put)(
      this.node,
      this.head(row, detail),
      newer ? this.news(row, detail, newer) : this.banner(row, detail),
      detail.handed ? handedView(detail.handed) : null,
      detail.appeal ? appeal(detail.appeal) : null,
      this.context(detail),
      siblings(detail, this),
      el(
        "div",
        { class: "comment-text" },
        this.text(row, detail, marks, explanation),
        explanation ? this.legend(row, explanation, marks) : null,
      ),
      detail.links.length ? this.links(row, detail.links) : null,
      row.author?.url && !blind
        ? el(
            "p",
            { class: "author-url" },
            icon("link"),
            phrase("The author's address leads to {host}", {
              host: el("strong", { text: hostOf(row.author.url) || say("nowhere") }),
            }),
            " ",
            copyButton(row.author.url),
          )
        : null,
      detail.edit ? this.edited(row, detail, detail.edit) : null,
      detail.earlier.length ? this.earlier(row, detail) : null,
      replies(detail, this),
    );
  }

  /**
   * The words, of which the worst are covered; all of them, while nobody has told which those are.
   *
   * @param {Shown} row
   * @param {Api.Detail} detail
   * @param {Mark[]} marks
   * @param {Api.Explanation | null} explanation
   */
  text(row, detail, marks, explanation) {
    if (!detail.content)
      return el("p", { class: "hint", text: say("The text is no longer kept; what was decided is.") });
    const ranges = covered(row);
    if (!ranges) return this.allCovered(row, row.excerpt);
    return textView(detail.content, {
      marks,
      passages: passagesOf(explanation).map((part) => part.start_utf16 ?? 0),
      covered: ranges.filter((range) => !this.uncovered.has(range.start)),
      uncover: (range) => (this.uncovered.add(range.start), this.again()),
      numbers: preference("numbers"),
      whole: this.whole,
      more: () => ((this.whole = true), this.again()),
    });
  }

  /**
   * @param {Shown} row
   * @param {string} text
   */
  allCovered(row, text) {
    return el(
      "div",
      {},
      el("p", { class: "text", dir: "auto" }, coveredWords(text)),
      el(
        "button",
        { type: "button", class: "quiet", on: { click: () => lift(row) } },
        icon("eye"),
        say("Show the words"),
      ),
    );
  }

  /**
   * @param {Shown} row
   * @param {Api.Detail} [detail]
   */
  head(row, detail) {
    const name = preference("blind") ? say("Somebody") : row.author?.name ? shortView(row.author.name) : say("No name");
    const page = row.page;
    return el(
      "header",
      { class: "comment-head" },
      el(
        "button",
        {
          type: "button",
          class: "plain icon-only back",
          "aria-label": say("Back to the list"),
          on: { click: this.back },
        },
        icon("back"),
      ),
      el(
        "div",
        { class: "comment-who" },
        el(
          "h2",
          {},
          el("span", { dir: "auto" }, name),
          row.author?.role ? el("span", { class: "tag", text: sentence(row.author.role) }) : null,
        ),
        el(
          "p",
          { class: "meta" },
          row.state ? el("span", { class: `tag ${row.state}`, text: stateName(row.state) }) : null,
          el("time", timeOptions(row.created_at)),
          el("span", { text: row.site }),
          row.language ? el("span", { text: language(row.language) }) : null,
          row.reports ? el("span", { text: reportsText(row.reports, detail?.reported_as) }) : null,
        ),
        page ? el("p", { class: "meta page" }, pageView(page)) : null,
      ),
      el("button", { type: "button", class: "quiet why", on: { click: this.evidence } }, icon("evidence"), say("Why")),
    );
  }

  /**
   * @param {Shown} row
   * @param {Api.Detail} detail
   */
  banner(row, detail) {
    const decision = row.decision;
    const { undo } = detail;
    if (undo && decision)
      return el(
        "p",
        { class: "banner open" },
        icon("clock"),
        el("span", {
          text: say("{outcome} {by}; the site is told at {time}.", {
            outcome: doneName(decision.outcome),
            by: byActor(undo.by),
            time: exactly(undo.until),
          }),
        }),
        el("button", { type: "button", class: "quiet", on: { click: () => this.undo(row, undo) } }, say("Undo")),
      );
    if (row.claim && !row.claim.mine)
      return el(
        "p",
        { class: "banner", role: "status" },
        icon("eye"),
        el("span", {}, phrase("{name} is looking at this too.", { name: el("strong", { text: row.claim.by }) })),
      );
    if (row.state && row.state !== "flagged" && decision)
      return el(
        "p",
        { class: `banner ${row.state}` },
        icon(row.state === "approved" ? "check" : "ban"),
        el(
          "span",
          {},
          `${doneName(decision.outcome)} ${byActor(decision.actor)}`,
          colon(decision.reasons.map((reason) => reasonName(reason.code)).join(", ")),
          " · ",
          el("time", agoOptions(decision.at)),
        ),
      );
    if (row.list === "snoozed" && row.snoozed_until)
      return el(
        "p",
        { class: "banner" },
        icon("clock"),
        el("span", { text: say("Put aside until {time}.", { time: exactly(row.snoozed_until) }) }),
      );
    return null;
  }

  /**
   * What became of it while one looked: what stands here stays until the new is asked for.
   *
   * @param {Shown} row
   * @param {Api.Detail} detail
   * @param {Api.Detail} newer
   */
  news(row, detail, newer) {
    const edited = !sameText(detail, newer);
    const last = newer.history.at(-1);
    const left = {
      state: newer.comment.state ?? "pending",
      list: newer.comment.list,
      revision: 0,
      actor: "",
      what: "",
    };
    const what = edited
      ? say("The author changed the text")
      : outcomeText({ ...left, ...(last && { actor: last.actor, what: last.what }) });
    return el(
      "div",
      { class: "banner news", role: "status" },
      icon(edited ? "note" : "person"),
      el(
        "div",
        {},
        el("p", {}, phrase("{what} while you were looking.", { what: el("strong", { text: what }) })),
        edited ? this.changes(row, detail.content, newer.content) : null,
        edited && nameOf(detail) !== nameOf(newer)
          ? el("p", { dir: "auto", text: say("The name is {name} now.", { name: nameOf(newer) }) })
          : null,
        el(
          "button",
          { type: "button", class: "primary accept", on: { click: () => this.accept(newer) } },
          edited ? say("Judge the new text") : say("Show it as it is now"),
        ),
      ),
    );
  }

  /**
   * Two texts as one, with what went and what came. Of a harsh comment nobody knows yet which of the new words are the worst.
   *
   * @param {Shown} row
   * @param {string} before
   * @param {string} after
   */
  changes(row, before, after) {
    if (preference("mask") && kindOf(row) && !isLifted(row)) return this.allCovered(row, after.slice(0, 280));
    return diffView(before, after);
  }

  /**
   * What readers see in the place of these words, as a moderator edited them.
   *
   * @param {Shown} row
   * @param {Api.Detail} detail
   * @param {Api.EditView} edit
   */
  edited(row, detail, { content, by, at }) {
    return el(
      "section",
      { class: "edited", "aria-label": say("As readers see it") },
      el(
        "h3",
        {},
        say("Readers see"),
        el("span", { class: "meta" }, `${say("edited {by}", { by: byActor(by) })} `, el("time", agoOptions(at))),
      ),
      this.changes(row, detail.content.trim(), content),
    );
  }

  /** @param {Api.Detail} detail */
  context(detail) {
    const text = detail.parent?.excerpt || detail.parent_text;
    if (!text) return null;
    const name = detail.parent?.author?.name;
    return el(
      "details",
      { class: "parent", open: text.length < 400 },
      el(
        "summary",
        {},
        name && !preference("blind")
          ? phrase("In reply to {name}", { name: el("b", { dir: "auto", text: name }) })
          : say("In reply to"),
      ),
      el("blockquote", { dir: "auto" }, detail.parent?.excerpt ? excerptView(detail.parent) : text),
    );
  }

  /**
   * @param {Shown} row
   * @param {Api.Explanation} explanation
   * @param {Mark[]} marks
   */
  legend(row, explanation, marks) {
    const label = within(labelName(explanation.label));
    const numbers = preference("numbers");
    /**
     * @param {string} name
     * @param {string} text
     * @param {Action} action
     * @param {boolean} pressed
     * @param {() => unknown} click
     */
    const choice = (name, text, action, pressed, click) =>
      el(
        "button",
        { type: "button", class: "link", data: { name }, "aria-pressed": String(pressed), on: { click } },
        text,
        keyHint(action),
      );
    return el(
      "p",
      { class: "legend" },
      marks.length
        ? [
            el(
              "span",
              { class: "swatches", "aria-hidden": "true" },
              el("i", { class: "for-1" }),
              el("i", { class: "for-2" }),
              el("i", { class: "for-3" }),
              el("i", { class: "for-4" }),
            ),
            el("span", { text: say("speaks for {label}", { label }) }),
            el("span", { class: "swatches", "aria-hidden": "true" }, el("i", { class: "against-2" })),
            el("span", { text: say("against") }),
            choice("numbers", numbers ? say("Hide numbers") : say("Show numbers"), "numbers", numbers, () =>
              prefer("numbers", !numbers),
            ),
          ]
        : el("span", { text: say("No word by itself speaks for {label}, or against it.", { label }) }),
      preference("mask") && kindOf(row) && known(row)?.length !== 0
        ? choice(
            "mask",
            isLifted(row) ? say("Cover the worst words") : say("Show the worst words"),
            "unmask",
            !isLifted(row),
            () => (isLifted(row) ? cover(row) : lift(row)),
          )
        : null,
    );
  }

  /**
   * @param {Shown} row
   * @param {Api.Link[]} links
   */
  links(row, links) {
    const ranges = covered(row);
    /** @param {Api.Link} link */
    const hidden = (link) =>
      !ranges ||
      ranges.some(({ start, end }) => !this.uncovered.has(start) && start < link.end_utf16 && end > link.start_utf16);
    const rows = links.map((link) =>
      hidden(link)
        ? el("li", {}, icon("link"), coveredWords(link.url))
        : el(
            "li",
            {},
            icon("link"),
            el("strong", { class: "host", text: link.host }),
            link.host_unicode !== link.host
              ? el("span", {
                  class: "tag warn",
                  text: say("looks like {host}", { host: link.host_unicode }),
                })
              : null,
            link.text ? el("span", { class: "meta", text: say("shown as “{text}”", { text: link.text }) }) : null,
            link.url === link.host ? null : el("span", { class: "meta url", title: link.url, text: link.url }),
            copyButton(link.url),
          ),
    );
    return el(
      "section",
      { class: "links", "aria-label": say("Links") },
      el("h3", { text: say("{count} links", { count: links.length }) }),
      el("ul", {}, rows.slice(0, 20)),
      rows.length > 20 ? el("p", { class: "hint", text: say("and {count} more", { count: rows.length - 20 }) }) : null,
    );
  }

  /**
   * What was edited. Of a harsh comment nobody knows which of the earlier words are the worst: all are covered.
   *
   * @param {Shown} row
   * @param {Api.Detail} detail
   */
  earlier(row, detail) {
    const title = say("Edited {count} times: show what changed", { count: detail.earlier.length });
    if (preference("mask") && kindOf(row) && !isLifted(row)) {
      return el(
        "details",
        { class: "earlier" },
        el("summary", { text: title }),
        this.allCovered(row, detail.earlier.at(-1)?.content.slice(0, 280) ?? ""),
      );
    }
    const texts = [...detail.earlier.map((text) => text.content), detail.content];
    const changes = texts.slice(1).map((text, index) => diffView(texts[index], text));
    return el("details", { class: "earlier" }, el("summary", { text: title }), changes.reverse());
  }

  /** Show the same once more, since something of how it is shown is otherwise now. */
  again() {
    if (this.last) this.show(...this.last);
  }
}

/** @param {Api.Detail} detail */
const nameOf = ({ comment }) => (preference("blind") ? "" : calm(comment.author?.name ?? ""));

/**
 * What the author says against the rejection, before the comment itself.
 *
 * @param {Api.AppealView} view
 */
function appeal({ text, at, decider, open, may_judge: may }) {
  return el(
    "section",
    { class: "appeal", "aria-label": say("The author's appeal") },
    el(
      "h3",
      {},
      icon("scale"),
      open ? say("The author appeals") : say("The author appealed"),
      el(
        "span",
        { class: "meta" },
        `${say("against {actor}", { actor: actorName(decider) })} `,
        el("time", agoOptions(at)),
      ),
    ),
    text ? el("blockquote", { dir: "auto" }, calm(text)) : el("p", { class: "hint", text: say("Without a word.") }),
    open && !may
      ? el("p", { class: "hint", text: say("You decided this one, so somebody else judges the appeal.") })
      : null,
  );
}

/**
 * Grey lines where words will be.
 *
 * @param {number} lines
 */
export function skeleton(lines) {
  return el(
    "div",
    { class: "skeleton", "aria-hidden": "true" },
    Array.from({ length: lines }, () => el("span")),
  );
}

/** @param {string} url */
function copyButton(url) {
  const button = el("button", { type: "button", class: "link", text: say("Copy") });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(url);
      button.textContent = say("Copied");
    } catch {
      button.textContent = url;
    }
  });
  return button;
}
