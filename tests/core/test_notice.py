"""The file of the notices: what it may say, what is refused in which words, and quiet hours."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import keyfiles
from service.core.notice import HOUR, MINUTE, InvalidNotice, Notice, Quiet, Way, feed_token, one_line, read_notices
from service.usecases.notices import is_quiet

MAIL = '[mail]\nserver = "smtps://mail.example"\nfrom = "box@box.example"\n'


def read(text: str) -> Notice:
    (notice,) = read_notices(tomllib.loads(text)).notices
    return notice


def test_what_is_not_said_is_sensible() -> None:
    mail = read(MAIL + '[notices.desk]\nmail = "mo@mods.example"')
    assert (mail.to, mail.sites, mail.at_least, mail.severe, mail.every) == (("mo@mods.example",), (), 1, 0.0, HOUR)
    chat = read('[notices.desk]\nslack = "https://hooks.slack.com/services/x"\nsevere = 0.8')
    assert (chat.way, chat.at_least, chat.severe, chat.every) == (Way.SLACK, 0, 0.8, 5 * MINUTE)
    assert read_notices({}).notices == ()


@pytest.mark.parametrize(
    ("server", "found"),
    [
        ("smtps://mail.example", ("smtps", "mail.example", 465)),
        ("smtp://mail.example", ("smtp", "mail.example", 587)),
        ("smtp+plain://localhost", ("smtp+plain", "localhost", 25)),
        ("smtp://[::1]:2525", ("smtp", "::1", 2525)),
    ],
)
def test_mail_servers(server: str, found: tuple[str, str, int]) -> None:
    mail = read_notices(tomllib.loads(MAIL.replace("smtps://mail.example", server))).mail
    assert mail is not None
    assert (mail.tls, mail.host, mail.port) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[notices.desk]\nmail = "secret@mods.example"', "[mail] is missing"),
        (MAIL + '[notices.desk]\nmail = "Mo <secret@mods.example>"', "notices.desk.mail: one bare address"),
        (MAIL + '[notices.desk]\nmail = "secret@mods.example\\nBcc: x@y.example"', "notices.desk.mail"),
        (MAIL + '[notices.desk]\nmail = []', "notices.desk.mail"),
        (MAIL + '[notices.desk]\nmail = "a@b.example"\nevery = "10m"', "no less than 1h"),
        ('[notices.desk]\nslack = "https://x.example"\nevery = "1m"', "no less than 5m"),
        ('[notices.desk]\nslack = "https://x.example"\nevery = "soon"', "notices.desk.every"),
        ('[notices.desk]\nslack = "ftp://secret.example"', "notices.desk.slack"),
        ('[notices.desk]\nslack = "https://secret:word@x.example/"', "notices.desk.slack"),
        ('[notices.desk]\nslack = "https://x.example"\nfeed = 1', "name one way"),
        ('[notices.desk]\nsites = ["blog"]', "name one way"),
        ('[notices."Desk 1"]\nfeed = 1', "a name has 1 to 32"),
        ('[notices.desk]\nfeed = 1\nat_least = 3', "a feed knows sites and severe"),
        ('[notices.desk]\nslack = "https://x.example"\nat_least = 0', "1 or more"),
        ('[notices.desk]\nslack = "https://x.example"\nsevere = 7.0', "at most 1"),
        ('[notices.desk]\nslack = "https://x.example"\nquiet = "22-7"', "notices.desk.quiet"),
        ('[notices.desk]\nslack = "https://x.example"\nquiet = "07:00-07:00"', "different times"),
        ('[notices.desk]\nslack = "https://x.example"\nquite = "22:00-07:00"', "unknown field `quite`"),
        ('[mail]\nserver = "mail.example"\nfrom = "a@b.example"', "mail.server"),
        ('[mail]\nserver = "smtp://secret:word@mail.example"\nfrom = "a@b.example"', "mail.server"),
        ('[mail]\nserver = "smtp://mail.example:99999"\nfrom = "a@b.example"', "mail.server"),
        ('[mail]\nserver = "smtp+plain://mail.example"\nfrom = "a@b.example"\npassword = "secret"', "by TLS only"),
        ('[mail]\nserver = "smtp://mail.example"\nfrom = "secret"', "mail.from"),
    ],
)  # fmt: skip
def test_mistakes_are_named_and_nothing_secret_is_quoted(text: str, said: str) -> None:
    with pytest.raises(InvalidNotice) as raised:
        read_notices(tomllib.loads(text))
    assert said in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[notices.desk\n", "is not TOML, at line 1"),
        ('[notices.desk]\nslack = "https://x.example"\nzone = "Mars/Olympus"', "notices.desk.zone"),
        ('[notices.desk]\nslack = "https://x.example"\nzone = "../../etc/passwd"', "notices.desk.zone"),
        ("[notices.desk]\nfeed = true", "notices"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "notices.toml").write_text(text)
    with pytest.raises(keyfiles.KeyFileError) as raised:
        keyfiles.notices(tmp_path)
    assert str(tmp_path / "notices.toml") in str(raised.value)
    assert said in str(raised.value)


@given(begin=st.integers(0, 1439), length=st.integers(1, 1439), minute=st.integers(0, 1439))
def test_a_quiet_span_holds_from_its_beginning_to_its_end_also_over_midnight(
    begin: int, length: int, minute: int
) -> None:
    quiet = Quiet(begin, (begin + length) % 1440)
    assert quiet.holds(3, minute) == ((minute - begin) % 1440 < length)


@given(hours=st.integers(0, 24 * 400))
def test_quiet_hours_follow_summer_time(hours: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    notice = Notice("desk", Way.SLACK, quiet=(Quiet(22 * 60, 7 * 60),), zone="Europe/Berlin")
    year = [datetime(at.year, month, 31, 1, tzinfo=UTC) for month in (3, 10)]
    begin, end = (day - timedelta(days=(day.weekday() + 1) % 7) for day in year)  # the last Sundays
    local = (at + timedelta(hours=2 if begin <= at < end else 1)).hour
    assert is_quiet(notice, int(at.timestamp() * 1000)) == (local >= 22 or local < 7)


@settings(max_examples=50)
@given(st.text())
def test_a_title_is_one_short_printable_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 80
    assert line.isprintable()
    assert line == line.strip()


def test_another_number_is_another_address_of_a_feed() -> None:
    tokens = {feed_token(b"m" * 32, Notice(name, Way.FEED, number=number)) for name in "ab" for number in (1, 2)}
    assert len(tokens) == 4
    assert all(len(token) == 32 for token in tokens)


def test_reprs_hide_whom_a_notice_goes_to() -> None:
    found = read_notices(tomllib.loads(MAIL + 'password = "hush"\n[notices.desk]\nmail = "mo@mods.example"'))
    assert "mo@" not in repr(found)
    assert "hush" not in repr(found)


def test_the_example_of_the_documentation_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    found = read_notices(tomllib.loads(example))
    assert [one.way for one in found.notices] == [Way.MAIL, Way.SLACK, Way.PUSH, Way.FEED]
    assert found.mail is not None
