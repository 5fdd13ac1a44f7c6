"""Operators' lists: who stands on one is known by digest, and a list that changes or breaks does not stop judging."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from service import lists
from service.core.identity import IdentityKeys
from service.core.submission import Requirements, Submission, prepare
from service.core.verdict import Signal
from service.lists import ListFiles
from service.resources import Resources
from service.settings import Settings
from service.store.accounts import Known
from service.workers.classify import Worker
from tests.support.moderation import WordScorer, submission

KEYS = IdentityKeys((("k1", b"secret"),))
LISTED: dict[str, Signal] = {"list_email": True, "list_ip": True}


def by(email: str = "", ip: str = "") -> Submission:
    fields: dict[str, Any] = {"keys": KEYS, "requires": Requirements(name=False, email=False)}
    return prepare(
        **fields, platform_id="1", content="Hello.", page_url="https://blog.example/", email=email, ip=ip
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _look_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "LOOK_AGAIN", 0.0)


def test_addresses_are_found_however_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "listed.csv"
    path.write_text('# a comment\n192.0.2.7\n"2001:db8::1","5"\nBad.Guy+x@Gmail.com,17,2026-11-01\nnonsense\n\n')
    held = ListFiles((path,), KEYS)
    assert held.signals(by("badguy@googlemail.com", "192.0.2.7")) == LISTED
    assert held.signals(by(ip="2001:db8:0::1")) == {"list_ip": True}
    assert held.signals(by("goodguy@gmail.com", "192.0.2.8")) == {}
    assert held.signals(by()) == {}


def test_a_changed_file_is_read_again_and_a_lost_one_counts_on(tmp_path: Path) -> None:
    path = tmp_path / "listed.txt"
    path.write_text("192.0.2.7\n")
    held = ListFiles((path,), KEYS)
    assert held.signals(by(ip="192.0.2.7")) == {"list_ip": True}
    path.write_text("192.0.2.8\n")
    os.utime(path, (1, 1))
    assert held.signals(by(ip="192.0.2.7")) == {}
    path.unlink()
    assert held.signals(by(ip="192.0.2.8")) == {"list_ip": True}


def test_a_missing_file_lists_nobody_and_no_address_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "listed.txt"
    held = ListFiles((tmp_path / "not there", path), KEYS)
    assert held.signals(by(ip="192.0.2.7")) == {}
    path.write_text("ann@secret.example\n")
    assert held.signals(by("ann@secret.example")) == {"list_email": True}
    assert "secret.example" not in repr(vars(held))


class TestJudging:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        (tmp_path / "listed.txt").write_text("192.0.2.7\n")
        return Settings(data_dir=tmp_path, site_cache=0.0, list_files=(tmp_path / "listed.txt",))

    async def test_it_stands_in_the_verdict(self, resources: Resources, site: Known) -> None:
        taken = await resources.moderation.submit(site.site, submission(resources))
        await Worker(resources, WordScorer()).drain()
        judged = await resources.comments.get(taken.comment)
        assert judged is not None
        assert judged.verdict is not None
        assert judged.verdict.signals["list_ip"] is True
        assert judged.verdict.signals["words"] == 3
