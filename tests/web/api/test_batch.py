"""POST /v1/comments/batch: one line, one answer, in order; partial failure is visible."""

from __future__ import annotations

import pytest

from service.settings import Settings
from tests.support.platform import Platform, body, lines


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_batch_items": 200, "max_batch_body": 200_000, "max_body": 2_000})


async def test_every_line_is_answered_in_order(platform: Platform) -> None:
    response = await platform.batch(*[body(id=f"n{n}") for n in range(150)])
    assert response.status == 200
    assert response.content_type == "application/x-ndjson"
    found = await lines(response)
    assert [line["line"] for line in found] == list(range(1, 151))
    assert {line["status"] for line in found} == {202}
    assert [line["comment"]["platform_id"] for line in found] == [f"n{n}" for n in range(150)]
    assert await platform.services.work.backlog() == 150


async def test_partial_failure_is_visible(platform: Platform) -> None:
    await platform.submit(id="known")
    await platform.judge()
    await platform.submit(id="erased")
    await platform.ask("DELETE", platform.path("erased"))
    response = await platform.batch(
        body(id="ok"), b"", b"{nonsense", body(id="known"), body(id="bad", content=""), b"\xff", body(id="erased"),
        body(id="long", content="x" * 2_000), body(id="ok", content="an edit of the first line"), b"  ",
    )  # fmt: skip
    found = await lines(response)
    assert response.status == 200
    assert [(line["line"], line["status"]) for line in found] == [
        (1, 202), (3, 400), (4, 200), (5, 422), (6, 400), (7, 410), (8, 413), (9, 202),
    ]  # fmt: skip
    assert found[3]["problem"]["pointer"] == "/content"
    assert all(("comment" in line) != ("problem" in line) for line in found)
    assert found[7]["comment"]["revision"] == 2  # later lines see earlier ones
    assert (await platform.services.comments.counts("blog"))["pending"] == 1


async def test_a_batch_as_a_whole_can_be_wrong(platform: Platform) -> None:
    for raw, status in ((b"", 400), (b"\n \n", 400), (b"{}\n" * 201, 413), (b"x" * 200_001, 413)):
        response = await platform.batch(raw)
        assert response.status == status
        assert response.content_type == "application/problem+json"
    response = await platform.ask("POST", "/v1/comments/batch", json=body())
    assert response.status == 415
    assert await platform.kept() == 0


class TestBacklog:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"max_backlog": 3})

    async def test_what_does_not_fit_says_so(self, platform: Platform) -> None:
        found = await lines(await platform.batch(*[body(id=f"n{n}") for n in range(5)]))
        assert [line["status"] for line in found] == [202, 202, 202, 503, 503]
        assert found[4]["problem"]["type"] == "/problems/backlog-full"
        assert await platform.services.work.backlog() == 3


class TestRateLimit:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"rate_limit": 5})

    async def test_submissions_a_minute_are_counted_for_each_site(
        self, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("service.store.sites.now_ms", lambda: 1_800_000_015_000)
        first = await platform.submit()
        assert first.headers["RateLimit-Policy"] == '"submissions";q=5;w=60'
        assert first.headers["RateLimit"].startswith('"submissions";r=4;t=')
        assert (await platform.batch(*[body(id=f"n{n}") for n in range(3)])).headers["RateLimit"].split(";")[1] == "r=1"
        refused = await platform.batch(body(id="a"), body(id="b"))
        assert refused.status == 429
        assert (await refused.json())["type"] == "/problems/rate-limited"
        assert refused.headers["Retry-After"] == "45"
        assert refused.headers["RateLimit"].split(";")[1] == "r=1"
        assert (await platform.submit(id="c")).status == 202  # a refused batch spends nothing
        assert (await platform.submit(id="d")).status == 429
        other = Platform(
            platform.client, platform.services, await platform.services.accounts.add("other", "https://o.example")
        )
        assert (await other.submit()).status == 202
        assert (await platform.ask("GET", "/v1/comments")).status == 200
        assert (await platform.services.comments.counts("blog"))["pending"] == 5
        monkeypatch.setattr("service.store.sites.now_ms", lambda: 1_800_000_060_000)
        assert (await platform.submit(id="d")).status == 202
