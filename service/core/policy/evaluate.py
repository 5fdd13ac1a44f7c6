"""Applies a policy to a case and its verdict: `evaluate`. Phases run in the order of PHASES; the first that decides, decides.

Everything that fired is among the reasons, whoever decided. Two things fail closed: without a verdict no list or rule
approves, and behind a list or rule that can't be read nothing approves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from service.core.lifecycle import Outcome
from service.core.policy import Compiled, Policy, kind_name
from service.core.policy.evidence import CODES, evidence
from service.core.policy.fields import Facts
from service.core.policy.measures import Measure
from service.core.submission import Submission
from service.core.text.shares import percent
from service.core.verdict import Case, Reason, Ruling, Verdict

PHASES: Final = {
    "author": "Authors and networks that a moderator marked: trusted ones are approved, blocked ones rejected.",
    "lists": "The site's lists, in their order.",
    "rules": "The site's rules, in their order.",
    "mode": "Modes that hold: everything, or new authors.",
    "no-verdict": "No machine verdict could be had: what `on_no_verdict` says.",
    "language": "A language that the model was not trained in, or can't tell: what `unsupported_language` says.",
    "scores": "The thresholds, traps and pings (`core.policy.evidence`); of several the strictest outcome. Of the kinds that "
    "`spam_only` names, spam's threshold alone.",
}
"""The phases in their order, and what each looks at."""

REVIEW: Final = "review"
"""The tag of what `approve-first` published although scores would have held it: it is to be reviewed. A rule may give it too."""


class Finding(NamedTuple):
    """Something that fired: in which phase, what it decides (None: nothing), and its reason."""

    phase: str
    reason: Reason
    outcome: Outcome | None = None
    discard: bool = False


def evaluate(policy: Policy, case: Case, verdict: Verdict | None) -> Ruling:
    """Apply a policy to a case and its verdict (None: there is none, because the model failed or is missing)."""
    compiled = policy.compiled
    tags: list[str] = []
    shadow: list[Reason] = []
    findings = [*_marks(case)]
    if compiled.lists or compiled.rules:
        for phase, measure, reason in _fired(compiled, Facts(case, verdict)):
            if measure.status == "shadow":
                shadow.append(reason)
            else:
                tags += measure.tags
                findings.append(Finding(phase, reason, *_effect(measure, verdict)))
    findings += _mode(policy, case)
    around = _evidence(policy, case, verdict)
    if verdict is None:
        findings += (*around, *_no_verdict(policy))
    else:
        findings += (*_language(policy, verdict), *sorted((*_scores(policy, case, verdict), *around), key=_leniency))
    first = next((finding for finding in findings if finding.outcome is not None), _QUIET)
    if policy.mode == "approve-first" and _is_scored(first):
        first = _PUBLISHED
        tags.append(REVIEW)
    if compiled.broken and first.outcome is Outcome.APPROVE and first.phase != "author":
        first = _unreadable(compiled)
    others = tuple(finding.reason for finding in findings if finding is not first)
    return Ruling(
        first.outcome or Outcome.APPROVE,
        (first.reason, *others),
        first.discard,
        tuple(dict.fromkeys(tags)),
        tuple(shadow),
    )


def fixed_ruling(submission: Submission) -> Ruling | None:
    """What is ruled whatever the policy says: a documented test value, or the platform's word that its owner wrote this."""
    if submission.trigger == "spam":
        reason = Reason("test-trigger", "It carries a value that is documented as always being spam, for tests.")
        return Ruling(Outcome.REJECT, (reason,))
    if submission.author.role == "administrator":
        return Ruling(Outcome.APPROVE, (Reason("administrator", "The platform says that its administrator wrote it."),))
    return None


_QUIET = Finding(
    "scores",
    Reason("below-thresholds", "Every score is below the site's thresholds.", phase="scores"),
    Outcome.APPROVE,
)
_PUBLISHED = Finding(
    "mode",
    Reason("approve-first", "This site publishes first; a moderator looks at it later.", phase="mode"),
    Outcome.APPROVE,
)
_MARKS = {
    ("author_mark", "trusted"): Finding(
        "author", Reason("trusted-author", "A moderator trusts the author.", phase="author"), Outcome.APPROVE
    ),
    ("author_mark", "blocked"): Finding(
        "author", Reason("blocked-author", "A moderator blocked the author.", phase="author"), Outcome.REJECT
    ),
    ("network_mark", "trusted"): Finding(
        "author", Reason("trusted-network", "A moderator trusts the author's network.", phase="author"), Outcome.APPROVE
    ),
    ("network_mark", "blocked"): Finding(
        "author", Reason("blocked-network", "A moderator blocked the author's network.", phase="author"), Outcome.REJECT
    ),
}


def _marks(case: Case) -> Iterator[Finding]:
    """The author's own mark comes before the network's: it is about fewer people."""
    for signal in ("author_mark", "network_mark"):
        if (found := _MARKS.get((signal, str(case.signals.get(signal, ""))))) is not None:
            yield found
    if case.signals.get("author_claimed"):
        text = (
            "A moderator trusts the e-mail address; nothing shows that it is the author's, since anybody can type it."
        )
        yield Finding("author", Reason("unproven-author", text, phase="author"))


def _fired(compiled: Compiled, facts: Facts) -> Iterator[tuple[str, Measure, Reason]]:
    """The lists and rules that fired, live ones and those in shadow: (phase, which, reason)."""
    at = facts.case.at
    for words, find in compiled.lists:
        if words.counts(at) and (found := find(facts)) is not None:
            text = f"The list {words.name} has “{found[0]}”, which stands in {found[1]}."
            yield "lists", words, Reason(words.code or "list", text, rule=words.name, phase="lists")
    for ready in compiled.rules:
        if ready.rule.counts(at) and ready.holds(facts):
            named = ready.rule
            yield (
                "rules",
                named,
                Reason(named.code or "rule", f"The rule {named.name} fired.", rule=named.name, phase="rules"),
            )


def _effect(measure: Measure, verdict: Verdict | None) -> tuple[Outcome | None, bool]:
    """What a measure decides, and whether to discard."""
    match measure.then:
        case "approve":
            return (Outcome.APPROVE if verdict is not None else None), False
        case "hold":
            return Outcome.HOLD, False
        case "reject":
            return Outcome.REJECT, False
        case "discard":
            return Outcome.REJECT, True
        case "tag":
            return None, False


def _mode(policy: Policy, case: Case) -> Iterator[Finding]:
    if policy.mode == "hold-everything":
        reason = Reason("hold-everything", "This site holds every comment for a moderator.", phase="mode")
        yield Finding("mode", reason, Outcome.HOLD)
    elif policy.mode == "hold-new-authors":
        approved = case.signals.get("author_approved", 0)
        if not isinstance(approved, int) or approved < policy.release_after:
            text = (
                f"The author has {approved} approved comments here; from {policy.release_after} on they are not held."
            )
            yield Finding("mode", Reason("new-author", text, phase="mode"), Outcome.HOLD)


def _no_verdict(policy: Policy) -> Iterator[Finding]:
    text = f"No machine verdict could be had; this site's policy then says: {policy.on_no_verdict}."
    yield Finding("no-verdict", Reason("no-verdict", text, phase="no-verdict"), policy.on_no_verdict)


_UNREAD = {
    "unsupported-language": "Written in a language that the model was not trained in.",
    "unknown-language": "In which language it is can't be told, and the model knows few of its words.",
}


def _language(policy: Policy, verdict: Verdict) -> Iterator[Finding]:
    if policy.unsupported_language is None:
        return
    for flag, text in _UNREAD.items():
        if flag in verdict.flags:
            yield Finding("language", Reason(flag, text, phase="language"), policy.unsupported_language)


def _scores(policy: Policy, case: Case, verdict: Verdict) -> list[Finding]:
    """A finding for each label that passed a threshold, the strictest first; of some kinds only spam counts."""
    fired: list[tuple[int, float, Finding]] = []
    only_spam = kind_name(case.submission.kind) in policy.spam_only
    for label, steps in policy.effective.items():
        score = verdict.scores.get(label)
        if score is None or (only_spam and label != "spam"):
            continue
        if steps.discard is not None and score >= steps.discard:
            fired.append((2, score, _passed(label, score, steps.discard, "discard", Outcome.REJECT)))
        elif steps.reject is not None and score >= steps.reject:
            fired.append((2, score, _passed(label, score, steps.reject, "reject", Outcome.REJECT)))
        elif steps.hold is not None and score >= steps.hold:
            fired.append((1, score, _passed(label, score, steps.hold, "hold", Outcome.HOLD)))
    fired.sort(key=lambda item: item[:2], reverse=True)
    return [finding for *_, finding in fired]


def _evidence(policy: Policy, case: Case, verdict: Verdict | None) -> list[Finding]:
    hold = policy.effective["spam"].hold
    spammy = verdict is not None and hold is not None and verdict.scores.get("spam", 0.0) >= hold
    return [Finding("scores", one.reason, one.outcome) for one in evidence(case.signals, spammy=spammy)]


def _leniency(finding: Finding) -> int:
    return 0 if finding.outcome is Outcome.REJECT else 1


def _is_scored(finding: Finding) -> bool:
    """Whether a score, and nothing that a trap or a ping showed, holds it."""
    held = finding.outcome is Outcome.HOLD and finding.phase in ("language", "scores")
    return held and finding.reason.code not in CODES


def _passed(label: str, score: float, threshold: float, step: str, outcome: Outcome) -> Finding:
    text = f"{label.replace('_', ' ')} {percent(score)} is at or above the {step} threshold {percent(threshold)}"
    reason = Reason(label, text, label, round(score, 6), threshold, phase="scores")
    return Finding("scores", reason, outcome, step == "discard")


def _unreadable(compiled: Compiled) -> Finding:
    text = f"This version can't read {', '.join(compiled.broken)}; nothing is approved until that is mended."
    return Finding("rules", Reason("unreadable-rule", text, phase="rules"), Outcome.HOLD)
