"""An operator's way from decisions to a version in use, by the command line."""

from __future__ import annotations

import html
import json
import random
from pathlib import Path

import msgspec
import pytest

from service.commands import console
from service.container import Services
from service.store.keys import model
from tests.commands.conftest import Run
from tests.support.learning import DAY, examples
from tests.support.readers import nuisance


@pytest.fixture
def taught(run: Run, blog: dict[str, str]) -> Run:
    """The command line, with a site whose moderators have decided 300 comments."""

    async def teach(services: Services) -> None:
        for one in examples(300, begin=20_000 * DAY):
            await services.examples.add(one)

    console.run(teach)
    return run


@pytest.fixture
def version(taught: Run) -> str:
    """What was trained from them."""
    return str(taught("train", "--site", "blog", "--json").json["version"])


def test_nothing_learnt_yet(run: Run, blog: dict[str, str]) -> None:
    assert (
        run("train", "--site", "blog").err
        == "antechamber: There are no decisions yet: moderate, or import a history.\n"
    )
    assert "antechamber train --site blog" in run("models", "list", "--site", "blog").out
    assert run("train", "--site", "nowhere").code == 1
    assert run("train").code == 2
    for words in (["list"], ["rollback"], ["promote", "base"], ["shadow"], ["shadow", "--end"]):
        ended = run("models", *words, "--site", "nowhere")
        assert (ended.code, ended.out, ended.err) == (1, "", "antechamber: There is no such site.\n")
    assert run("models", "list", "--site", "*").code == 0
    assert run("train", "--site", "blog", "--all").code == 2
    (skipped,) = [json.loads(line) for line in run("train", "--all", "--json").out.splitlines()]
    assert (skipped["site"], skipped["version"]) == ("blog", None)
    assert "no decisions yet" in skipped["report"]["why"]


def test_from_training_to_use_and_back(taught: Run) -> None:
    trained = taught("train", "--site", "blog")
    assert trained.code == 0
    assert "The gate let it pass." in trained.out
    version = trained.out.partition(":")[0]
    assert f"antechamber models promote {version} --site blog" in trained.out
    shown = taught("models", "show", version)
    assert "240 decisions" in shown.out
    assert "average precision" in shown.out
    assert f"blog: {version} is used from now on; before, it was base." in taught(
        "models", "promote", version, "--site", "blog"
    ).out  # fmt: skip
    listed = taught("models", "list", "--site", "blog", "--json").json
    assert (listed["active"], [card["version"] for card in listed["cards"]]) == (version, [version])
    assert "in use" in taught("models", "list", "--site", "blog").out
    back = taught("models", "rollback", "--site", "blog").out
    assert f"blog: base is used from now on; before, it was {version}." in back
    assert "That is the shipped model; there is nothing before it." in back
    assert taught("models", "diff", version, version).code == 0


def test_promoted_at_once_when_it_is_better(taught: Run) -> None:
    trained = taught("train", "--site", "blog", "--promote-if-better", "--json").json
    assert trained["promoted"] is True
    assert trained["gate"] == "passed"
    assert trained["report"]["passed"] is True
    assert taught("models", "list", "--site", "blog", "--json").json["active"] == trained["version"]


def test_trained_twice_on_the_same_decisions(taught: Run) -> None:
    version = taught("train", "--site", "blog", "--json").json["version"]
    again = taught("train", "--site", "blog")
    assert again.code == 0
    assert f"blog: Nothing new since {version}, which the gate let pass." in again.out
    assert f"antechamber models promote {version} --site blog" in again.out
    said = taught("train", "--site", "blog", "--promote-if-better", "--json").json
    assert (said["version"], said["new"], said["promoted"]) == (version, False, True)
    assert "which is in use" in taught("train", "--site", "blog").out
    taught("models", "rollback", "--site", "blog")
    not_again = taught("train", "--site", "blog", "--promote-if-better")
    assert f"Not switched to: {version} was rolled back, or has alerted." in not_again.out
    listed = taught("models", "list", "--site", "blog", "--json").json
    assert (listed["active"], listed["gone"], len(listed["cards"])) == ("", [version], 1)


def test_a_refusal_says_why_what_and_what_to_do(taught: Run) -> None:
    async def poison(services: Services) -> None:
        for one in examples(500, seed=1, begin=20_001 * DAY, flipped=0.5):
            await services.examples.add(one)

    version = taught("train", "--site", "blog", "--promote-if-better", "--json").json["version"]
    console.run(poison)
    refused = taught("train", "--site", "blog", "--promote-if-better")
    assert "The gate refused it:" in refused.out
    assert "Not switched to: the gate refused blog-2-" in refused.out
    assert "What to do:" in refused.out
    assert "antechamber doubts --site blog" in refused.out
    worse = refused.out.partition(":")[0]
    assert taught("models", "promote", worse, "--site", "blog").code == 1
    forced = taught("models", "promote", worse, "--site", "blog", "--force", "--json").json
    assert forced == {"site": "blog", "active": worse, "before": version, "previous": version}
    assert "in use, though the gate refused it" in taught("train", "--site", "blog").out
    assert taught("models", "rollback", "--site", "blog", "--json").json["active"] == version


def test_what_is_not_there_is_said(taught: Run) -> None:
    for words in (["show", "blog-9-00000000"], ["promote", "blog-9-00000000", "--site", "blog"]):
        ended = taught("models", *words)
        assert (ended.code, ended.out) == (1, "")
        assert "no model version blog-9-00000000" in ended.err
    assert "nothing to roll back" in taught("models", "rollback", "--site", "blog").err


def test_scoring_with_a_version_or_with_what_a_site_uses(taught: Run, version: str) -> None:
    line = json.dumps({"text": nuisance(random.Random(1))})
    base = taught("score", text=line).json
    by_version = taught("score", "--model", version, text=line).json
    assert by_version["model"] == version
    assert by_version["scores"]["spam"] > 2 * base["scores"]["spam"]
    assert taught("score", "--site", "blog", text=line).json == base
    taught("models", "promote", version, "--site", "blog")
    assert taught("score", "--site", "blog", text=line).json == by_version
    explained = taught("score", "--site", "blog", "--explain", "--label", "spam", text=line).json["explanations"][
        "spam"
    ]
    assert abs(sum(part["contribution"] for part in explained["parts"]) - explained["logit"]) < 1e-4
    assert taught("score", "--site", "blog", "--model", version, text=line).code == 2


def test_a_backtest_leaves_a_page_and_says_what_it_comes_to(
    taught: Run, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "backtest.html").touch(mode=0o644)
    before = taught("backtest", "--site", "blog")
    assert (tmp_path / "backtest.html").stat().st_mode & 0o777 == 0o600  # it quotes comments
    assert "would have been published (100.0%" in before.out
    assert "<svg" in (tmp_path / "backtest.html").read_text()
    unseen = taught("backtest", "--site", "blog", "--model", version, "--json").json
    assert (unseen["model"], unseen["taught"], unseen["comments"]) == (version, 0, 60)
    assert unseen["total"]["bad_through"] == 0
    everything = taught("backtest", "--site", "blog", "--model", version, "--since", "2020-01-01", "--json").json
    assert (everything["comments"], everything["taught"]) == (300, 240)
    strict = tmp_path / "policy.json"
    strict.write_text('{"mode": "hold-everything"}')
    held = taught("backtest", "--site", "blog", "--policy", str(strict), "--json").json
    assert held["total"]["good_held"] == held["total"]["good"]
    assert taught("backtest", "--site", "blog", "--policy", str(tmp_path / "none.json")).code == 2


def test_a_promise_is_saved_when_it_can_be_kept(taught: Run, version: str) -> None:
    loose = ["--max-good-held", "10%", "--reject-precision", "50%", "--confidence", "80%"]
    taught("models", "promote", version, "--site", "blog")
    assert "needed" in taught("promise", "--site", "blog").out
    assert taught("promise", "--site", "blog", "--save").code == 1
    kept = taught("promise", "--site", "blog", *loose, "--save")
    assert "Saved in the site's policy" in kept.out
    policy = taught("sites", "policy", "show", "blog").out
    assert "promise" in policy
    assert "promise that was made for" in taught("models", "rollback", "--site", "blog").out
    assert taught("promise", "--site", "blog", "--max-good-held", "lots").code == 2


def test_doubts_shadow_and_scan_answer(taught: Run, version: str) -> None:
    assert taught("doubts", "--site", "blog").out == "Nothing that looks doubtful.\n"
    assert "has no shadow" in taught("models", "shadow", "--site", "blog").out
    assert "scores along from now on" in taught("models", "shadow", version, "--site", "blog").out
    assert taught("models", "shadow", "--site", "blog", "--json").json == {
        "shadow": version,
        "pairs": [],
        "disagreements": [],
    }
    assert "no shadow any more" in taught("models", "shadow", "--site", "blog", "--end").out
    scanned = taught("models", "scan", version, "--site", "blog", "--days", "36500", "--json").json
    assert scanned["comments"] == 300
    assert scanned["better"] > 50
    assert scanned["worse"] == 0


def test_what_moderators_disagree_about_is_said_and_named_only_while_it_is_there(
    taught: Run, blog: dict[str, str], tmp_path: Path
) -> None:
    async def teach(services: Services) -> None:
        for one in examples(120, begin=30_000 * DAY, seed=1):
            bad = {"spam": 1.0} if one.actor == "moderator:ann" else one.labels
            await services.examples.add(msgspec.structs.replace(one, author_name="Annelie Brockhaus", labels=bad))

    console.run(teach)
    (disputed,) = taught("doubts", "--site", "blog", "--json").json["disputed"]
    assert (disputed["mark"], disputed["value"]) == ("author's name", "annelie brockhaus")
    assert (disputed["voice"], disputed["rejected"], disputed["of"]) == ("moderator:ann", 40, 40)
    assert len(disputed["comments"]) == 120
    named = taught("doubts", "--site", "blog").out
    assert 'moderator:ann rejected 40 of 40 comments with the author\'s name "annelie brockhaus" as spam' in named

    trained = taught("train", "--site", "blog")
    version = trained.out.partition(":")[0]
    page = tmp_path / "report.html"
    taught("models", "show", version, "--output", str(page))
    shown = taught("models", "show", version, "--json")
    assert shown.json["gate"]["disputes"][0]["rejected"] == 40
    said = "Moderators disagree about one author's name, for spam: moderator:ann rejected 40 of 40 comments"
    assert said in trained.out
    assert said in html.unescape(page.read_text())
    assert not any("annelie" in kept.lower() for kept in (trained.out, shown.out, page.read_text()))


def test_the_check_looks_at_the_versions_in_use(taught: Run, version: str) -> None:
    taught("models", "promote", version, "--site", "blog")
    assert f"blog: {version} is used, and whole" in taught("check").out

    async def lose(services: Services) -> None:
        await services.connection.client.delete(model(version))

    console.run(lose)
    broken = taught("check")
    assert broken.code == 1
    assert f"blog: {version} can't be used" in broken.out


def test_a_site_that_is_removed_takes_its_versions_along(taught: Run, version: str) -> None:
    taught("models", "promote", version, "--site", "blog")
    taught("sites", "remove", "blog", "--yes")
    assert taught("sites", "add", "blog", "--url", "https://blog.example", "--adopt").code == 0
    assert taught("models", "list", "--site", "blog", "--json").json["cards"] == []
    assert taught("models", "show", version).code == 1


def test_a_versions_report_is_a_page_too(taught: Run, version: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert f"The report: {page}" in taught("models", "show", version, "--output", str(page)).out
    written = page.read_text()
    assert f"<h1>Version {version}</h1>" in written
    assert "average precision" in written
    assert taught("models", "show", version, "--output", str(tmp_path / "none" / "r.html")).code == 1
