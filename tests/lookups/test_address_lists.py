"""Operators' lists: who stands on one is known by digest, and a list that changes or breaks does not stop judging."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from service.app import api_application
from service.container import Services
from service.core.identity import IdentityKeys
from service.core.site import Known
from service.core.submission import RawComment, Requirements, Strict, comment_id, prepare
from service.lookups.address_lists import ListFiles
from service.settings import Settings
from service.workers.classify import Worker
from tests.support.moderation import WordScorer
from tests.support.platform import body

KEYS = IdentityKeys((("k1", b"secret"),))
BLOG = KEYS.within(("site\0blog",))
LISTED = (True, True)


def found(held: ListFiles, email: str = "", ip: str = "") -> tuple[bool, bool]:
    """Whether the lists, as they are now, have an e-mail and an IP address."""
    held.refresh()
    raw = RawComment(platform_id="1", content="Hello.", page_url="https://blog.example/", email=email, ip=ip)
    author = held.mark(prepare(raw, BLOG, Strict(Requirements(name=False, email=False))).submission, email, ip).author
    return bool(author.email and author.email.listed), bool(author.ip and author.ip.listed)


def test_addresses_are_found_however_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "listed.csv"
    path.write_text('# a comment\n192.0.2.7\n"2001:db8::1","5"\nBad.Guy+x@Gmail.com,17,2026-11-01\nnonsense\n\n')
    held = ListFiles((path,), KEYS)
    assert found(held, "badguy@googlemail.com", "192.0.2.7") == LISTED
    assert found(held, ip="2001:db8:0::1") == (False, True)
    assert found(held, "goodguy@gmail.com", "192.0.2.8") == (False, False)
    assert found(held) == (False, False)


def test_a_changed_file_is_read_again_and_a_lost_one_counts_on(tmp_path: Path) -> None:
    path = tmp_path / "listed.txt"
    path.write_text("192.0.2.7\n")
    held = ListFiles((path,), KEYS)
    assert found(held, ip="192.0.2.7") == (False, True)
    path.write_text("192.0.2.8\n")
    os.utime(path, (1, 1))
    assert found(held, ip="192.0.2.7") == (False, False)
    path.unlink()
    assert found(held, ip="192.0.2.8") == (False, True)


def test_a_missing_file_lists_nobody_and_no_address_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "listed.txt"
    held = ListFiles((tmp_path / "not there", path), KEYS)
    assert found(held, ip="192.0.2.7") == (False, False)
    path.write_text("ann@secret.example\n")
    assert found(held, "ann@secret.example") == (True, False)
    assert "secret.example" not in repr(vars(held))


class TestJudging:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        (tmp_path / "listed.txt").write_text("192.0.2.7\n")
        return Settings(data_dir=tmp_path, site_cache=0.0, list_files=(tmp_path / "listed.txt",))

    async def test_it_stands_in_the_verdict(self, aiohttp_client: Any, services: Services, site: Known) -> None:
        client = await aiohttp_client(api_application(services, load_scorer=WordScorer))
        headers = {"Authorization": f"Bearer {site.credentials[0].api_key}"}
        answer = await client.post("/v1/comments", json=body(), headers=headers)
        assert answer.status == 202, await answer.text()
        await Worker(services, WordScorer()).drain()
        judged = await services.comments.get(comment_id("blog", "1"))
        assert judged is not None
        assert judged.verdict is not None
        assert judged.verdict.signals["list_ip"] is True
        assert "list_email" not in judged.verdict.signals
