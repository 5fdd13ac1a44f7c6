"""What ruling costs: CPU a comment under policies of different size, and what it takes to make one ready.

Run: python -m benchmarks.policy
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from service.core.policy import Policy
from service.core.policy.evaluate import evaluate
from service.core.policy.measures import WordList
from service.core.policy.rules import Rule
from service.core.submission import Author, Page, Submission
from service.core.verdict import LABELS, Case, Verdict

ROUNDS = 5
COMMENTS = 400
VERDICT = Verdict(dict.fromkeys(LABELS, 0.01), "m")


def words(draw: random.Random, count: int) -> list[str]:
    """Made-up words of 3 to 9 letters."""
    return ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(3, 9))) for _ in range(count)]


def comments(draw: random.Random, accent: str) -> list[Case]:
    """Comments of 80 words; with an `accent`, texts that are not plain ASCII."""
    page, author = Page("https://b.example"), Author("Ann Smith")
    return [
        Case(Submission("1", page, author, " ".join(words(draw, 80)) + accent), signals={"links": 1})
        for _ in range(COMMENTS)
    ]


def policies(draw: random.Random) -> dict[str, Policy]:
    """From nothing to the largest list that one policy may have."""
    ten = tuple(
        Rule(name=f"r{number}", then="hold", when=when)
        for number, when in enumerate(
            [
                "links >= 3 and spam > 40%",
                'content matches /buy\\s+now/i or author.name contains "casino"',
                'author.name mentions ["casino", "cheap *"]',
                'language in ["ru", "zh"] and author_approved == 0',
                "campaign_size >= 5 and campaign_vouched == 0",
            ]
            * 2
        )
    )
    entries = tuple(f"{word}*" if number % 5 == 0 else word + "q" for number, word in enumerate(words(draw, 5_000)))
    domains = tuple(f"{word}.example" for word in words(draw, 5_000))
    return {
        "thresholds alone": Policy(),
        "10 rules": Policy(rules=ten),
        "a list of 50 words": Policy(lists=(WordList(name="w", then="hold", entries=entries[:50]),)),
        "a list of 5,000 words": Policy(lists=(WordList(name="w", then="hold", entries=entries),)),
        "a list of 5,000 domains": Policy(lists=(WordList(name="d", then="hold", entries=domains, kind="domains"),)),
        "10 rules, 5,000 words, 5,000 domains": Policy(
            rules=ten,
            lists=(
                WordList(name="w", then="hold", entries=entries),
                WordList(name="d", then="hold", entries=domains, kind="domains"),
            ),
        ),
    }


def cost(policy: Policy, cases: Sequence[Case]) -> float:
    """Microseconds of CPU a comment, the least of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for case in cases:
            evaluate(policy, case, VERDICT)
        best = min(best, time.process_time() - begun)
    return best / len(cases) * 1e6


def main() -> None:
    """Print the table."""
    draw = random.Random(7)
    plain, accented = comments(draw, ""), comments(draw, " café")
    table = Table("policy", "made ready, ms", "a comment, µs", "beyond ASCII, µs")
    for name, policy in policies(draw).items():
        begun = time.process_time()
        assert not policy.compiled.broken
        ready = (time.process_time() - begun) * 1e3
        table.add_row(name, f"{ready:.1f}", f"{cost(policy, plain):.0f}", f"{cost(policy, accented):.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
