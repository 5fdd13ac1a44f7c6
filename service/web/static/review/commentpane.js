// One comment, to be read and judged. For the queue page.

import { careful, covered, coveredWords, excerptView, isLifted, kindOf, lift } from "./care.js";
import { difference } from "./diff.js";
import { el, icon, put, renew } from "./dom.js";
import { language } from "./filters.js";
import { keyHint } from "./keys.js";
import { hostOf, marksOf } from "./marking.js";
import { preference, prefer } from "./preferences.js";
import { outcomeText } from "./queuerow.js";
import { shortView, textView } from "./text.js";
import { actorName, doneName, exactly, labelName, plural, reasonName, sentence, stateName, timeOptions } from "./words.js";

/** The middle pane. `back` closes it (on a phone), `evidence` shows why, `undo` takes a decision back. */
export class CommentPane {
  constructor({ back, evidence, undo }) {
    Object.assign(this, { back, evidence, undo });
    this.node = el("article", { class: "comment", "aria-label": "Comment", tabindex: "-1" });
    this.whole = false;
    this.uncovered = new Set(); // where the covered words begin that somebody wanted to read
  }

  /** Nothing to show: say why. */
  empty(title, text) {
    this.last = null;
    put(this.node, el("div", { class: "nothing" }, icon("check"), el("h2", { text: title }), el("p", { text })));
  }

  /** Show the row at once, until its details are here. */
  waiting(row) {
    this.whole = false;
    this.uncovered.clear();
    this.last = null;
    put(this.node, this.head(row), el("div", { class: "comment-text", "aria-busy": "true" }, el("p", { class: "text", dir: "auto" }, excerptView(row))));
  }

  /** Show a comment. `explanation` is the one whose words are marked. */
  show(row, detail, explanation) {
    const again = this.last?.[0].id === row.id;
    this.last = [row, detail, explanation];
    const blind = preference("blind");
    const marks = explanation ? marksOf(explanation, "text") : [];
    (again ? renew : put)(
      this.node,
      this.head(row),
      this.banner(row, detail),
      this.context(detail),
      el("div", { class: "comment-text" }, this.text(row, detail, marks), explanation ? this.legend(row, explanation, marks) : null),
      detail.links.length ? this.links(row, detail.links) : null,
      row.author?.url && !blind ? el("p", { class: "author-url" }, icon("link"), "The author's address leads to ", el("strong", { text: hostOf(row.author.url) || "nowhere" }), copyButton(row.author.url)) : null,
      detail.earlier.length ? this.earlier(row, detail) : null,
    );
  }

  /** The words, of which the worst are covered; all of them, while nobody has told which those are. */
  text(row, detail, marks) {
    if (!detail.content) return el("p", { class: "hint", text: "The text is no longer kept; what was decided is." });
    const ranges = covered(row);
    if (!ranges) return this.allCovered(row, row.excerpt);
    return textView(detail.content, {
      marks,
      covered: ranges.filter((range) => !this.uncovered.has(range.start)),
      uncover: (range) => (this.uncovered.add(range.start), this.show(...this.last)),
      numbers: preference("numbers"),
      whole: this.whole,
      more: () => this.all(),
    });
  }

  allCovered(row, text) {
    return el("div", {}, el("p", { class: "text", dir: "auto" }, coveredWords(text)), el("button", { type: "button", class: "quiet", on: { click: () => lift(row) } }, icon("eye"), "Show the words"));
  }

  head(row) {
    const name = preference("blind") ? "Somebody" : row.author?.name ? shortView(row.author.name) : "No name";
    const page = row.page;
    return el(
      "header",
      { class: "comment-head" },
      el("button", { type: "button", class: "plain icon-only back", "aria-label": "Back to the list", on: { click: this.back } }, icon("back")),
      el("div", { class: "comment-who" },
        el("h2", { dir: "auto" }, el("span", {}, name), row.author?.role ? el("span", { class: "tag", text: sentence(row.author.role) }) : null),
        el("p", { class: "meta" }, row.state ? el("span", { class: `tag ${row.state}`, text: stateName(row.state) }) : null, el("time", timeOptions(row.created_at)), el("span", { text: row.site }), row.language ? el("span", { text: language(row.language) }) : null, row.reports ? el("span", { text: plural(row.reports, "report") }) : null),
        page ? el("p", { class: "meta page" }, "on ", pageLink(page)) : null,
      ),
      el("button", { type: "button", class: "quiet why", on: { click: this.evidence } }, icon("evidence"), "Why"),
    );
  }

  banner(row, detail) {
    const decision = row.decision;
    if (row.left) return el("p", { class: "banner", role: "status" }, icon("person"), el("span", {}, el("strong", { text: outcomeText(row.left) }), " while you were looking. What you see stays here until you move on."));
    if (detail.undo && decision) return el("p", { class: "banner open" }, icon("clock"), el("span", { text: `${doneName(decision.outcome)} by ${actorName(detail.undo.by)}; the site is told at ${exactly(detail.undo.until)}.` }), el("button", { type: "button", class: "quiet", on: { click: () => this.undo(row, detail.undo) } }, "Undo"));
    if (row.claim && !row.claim.mine) return el("p", { class: "banner", role: "status" }, icon("eye"), el("span", {}, el("strong", { text: row.claim.by }), " is looking at this too."));
    if (row.state && row.state !== "flagged" && decision) return el("p", { class: `banner ${row.state}` }, icon(row.state === "approved" ? "check" : "ban"), el("span", {}, `${doneName(decision.outcome)} by ${actorName(decision.actor)}`, decision.reasons.length ? `: ${decision.reasons.map((reason) => reasonName(reason.code)).join(", ")}` : "", ". ", el("time", timeOptions(decision.at))));
    if (row.list === "snoozed" && row.snoozed_until) return el("p", { class: "banner" }, icon("clock"), el("span", { text: `Put aside until ${exactly(row.snoozed_until)}.` }));
    return null;
  }

  context(detail) {
    const text = detail.parent?.excerpt || detail.parent_text;
    if (!text) return null;
    const name = detail.parent?.author?.name;
    return el("details", { class: "parent", open: text.length < 400 }, el("summary", {}, "In reply to", name && !preference("blind") ? el("b", { dir: "auto", text: ` ${name}` }) : ""), el("blockquote", { dir: "auto" }, detail.parent?.excerpt ? excerptView(detail.parent) : text));
  }

  legend(row, explanation, marks) {
    const label = labelName(explanation.label).toLowerCase();
    const choice = (name, on, off, action) => el("button", { type: "button", class: "link", data: { name }, "aria-pressed": String(preference(name)), on: { click: () => prefer(name, !preference(name)) } }, preference(name) ? on : off, keyHint(action));
    return el(
      "p",
      { class: "legend" },
      marks.length
        ? [
            el("span", { class: "swatches", "aria-hidden": "true" }, el("i", { class: "for-1" }), el("i", { class: "for-2" }), el("i", { class: "for-3" }), el("i", { class: "for-4" })),
            el("span", { text: `speaks for ${label}` }),
            el("span", { class: "swatches", "aria-hidden": "true" }, el("i", { class: "against-2" })),
            el("span", { text: "against" }),
            choice("numbers", "Hide numbers", "Show numbers", "numbers"),
          ]
        : el("span", { text: `No word by itself speaks for ${label}, or against it.` }),
      careful(row) ? choice("mask", "Show the worst words", "Cover the worst words", "unmask") : null,
    );
  }

  links(row, links) {
    const ranges = covered(row);
    const hidden = (link) => !ranges || ranges.some(({ start, end }) => !this.uncovered.has(start) && start < link.end_utf16 && end > link.start_utf16);
    const rows = links.map((link) => hidden(link) ? el("li", {}, icon("link"), coveredWords(link.url)) : el("li", {}, icon("link"), el("strong", { class: "host", text: link.host }), link.host_unicode !== link.host ? el("span", { class: "tag warn", text: `looks like ${link.host_unicode}` }) : null, link.text ? el("span", { class: "meta", text: `shown as “${link.text}”` }) : null, el("span", { class: "meta url", title: link.url, text: link.url }), copyButton(link.url)));
    return el("section", { class: "links", "aria-label": "Links" }, el("h3", { text: plural(links.length, "link") }), el("ul", {}, rows.slice(0, 20)), rows.length > 20 ? el("p", { class: "hint", text: `and ${rows.length - 20} more` }) : null);
  }

  /** What was edited. Of a harsh comment nobody knows which of the earlier words are the worst: all are covered. */
  earlier(row, detail) {
    const title = `Edited ${detail.earlier.length === 1 ? "once" : `${detail.earlier.length} times`}: show what changed`;
    if (preference("mask") && kindOf(row) && !isLifted(row)) {
      return el("details", { class: "earlier" }, el("summary", { text: title }), this.allCovered(row, detail.earlier.at(-1).content.slice(0, 280)));
    }
    const texts = [...detail.earlier.map((text) => text.content), detail.content];
    const changes = texts.slice(1).map((text, index) => el("div", { class: "text diff", dir: "auto" }, difference(texts[index], text).map(({ kind, text: part }) => (kind === "same" ? part : el(kind === "added" ? "ins" : "del", { text: part })))));
    return el("details", { class: "earlier" }, el("summary", { text: title }), changes.reverse());
  }

  all() {
    this.whole = true;
    this.show(...this.last);
  }
}

/** The page that was commented on: the only thing here that can be followed, since the platform named it. */
function pageLink({ url, title }) {
  const text = title || url;
  if (!/^https?:\/\//iu.test(url)) return el("span", { text });
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow", title: url }, el("span", { dir: "auto", text }), icon("out"));
}

function copyButton(url) {
  const button = el("button", { type: "button", class: "link", text: "Copy" });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(url);
      button.textContent = "Copied";
    } catch {
      button.textContent = url;
    }
  });
  return button;
}
