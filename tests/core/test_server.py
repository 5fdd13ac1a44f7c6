"""REDIS_URL read: what it may say, and that whatever else it says is refused in words that don't quote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.server import TROUBLES, Tls, read_address, trouble


def test_what_it_may_say() -> None:
    assert read_address("redis://").hosts == (("localhost", 6379),)
    plain = read_address("redis://ann:p%40ss@cache.example:6380/3")
    assert (plain.hosts, plain.user, plain.password, plain.db) == ((("cache.example", 6380),), "ann", "p@ss", 3)
    assert read_address("redis://:secret@[::1]?db=2").hosts == (("::1", 6379),)
    assert read_address("unix://ann:secret@/run/redis.sock?db=1").path == "/run/redis.sock"
    many = read_address("redis+sentinel://:pw@a,b:1,[::1]:2/main/4?sentinel_password=x")
    assert many.hosts == (("a", 26379), ("b", 1), ("::1", 2))
    assert (many.master, many.db, many.sentinel_password, many.password) == ("main", 4, "x", "pw")
    assert (read_address("redis://h").replicas, read_address("redis://h?replicas=2").replicas) == (0, 2)
    assert read_address("redis://a,b:1,[::1]").hosts == (("a", 6379), ("b", 1), ("::1", 6379))
    tls = read_address(
        "rediss://h?ssl_ca_certs=/ca.pem&ssl_check_hostname=false&ssl_min_version=1.3&socket_timeout=2.5"
    )
    assert tls.tls == Tls(ca_certs="/ca.pem", check_hostname=False, min_version="TLSv1_3")
    assert tls.reply_timeout == 2.5


@pytest.mark.parametrize(
    "url",
    [
        "", "foo://", "redis", "http://h", "redis://h:0", "redis://h:65536", "redis://h:x", "redis://[::1", "redis://h/x",
        "redis://h/1/2", "redis://h?db=x", "redis://h?nope=1", "redis://h?ssl_ca_certs=/x", "rediss://h?ssl_cert_reqs=perhaps",
        "rediss://h?ssl_check_hostname=maybe", "rediss://h?ssl_min_version=1", "unix://", "unix://host/path", "redis://a b",
        "redis://h\n", "redis://h?socket_timeout=0", "redis://h?socket_timeout=-1", "redis://h?db=1&db=2", "redis://h#x",
        "redis+sentinel://h", "redis+sentinel://h,/main", "redis+sentinel://h/ma in", "redis://a,", "redis://a,b:x", "redis://h?replicas=12",
        "redis://h?replicas=", "redis:", "redis:/", "redis:h:6379", "unix:/run/redis.sock", "redis://ann@h", "redis://a..b", "redis://.",
        "redis://$HOST", "redis://<host>:6379", "redis://h;db=1", f"redis://{'h' * 300}",
    ],
)  # fmt: skip
def test_what_it_may_not_say(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_address(url)


@pytest.mark.parametrize("char", "/?#")
def test_what_a_password_may_not_hold_is_said_with_how_it_is_written(char: str) -> None:
    with pytest.raises(ValueError, match=f"%{ord(char):X}"):
        read_address(f"redis://:p{char}ss=word@h")


def test_a_parameter_that_is_not_known_is_told_with_why() -> None:
    with pytest.raises(ValueError, match=r"'ssl_ca_certs'; ssl_… is for rediss:// alone"):
        read_address("redis://h?ssl_ca_certs=/x")
    with pytest.raises(ValueError, match=r"'ssl_ca_cert'; docs/operations.md"):
        read_address("rediss://h?ssl_ca_cert=/x")


@given(
    st.sampled_from(["redis", "rediss", "unix", "redis+sentinel", "http", ""]),
    st.text(max_size=30) | st.sampled_from(["/", "?", "#", "?db=", "?replicas=", "?ssl_ca_certs="]),
    st.text(max_size=30),
    st.text(max_size=30),
    st.text(max_size=30),
)
def test_whatever_it_says_is_read_or_refused_and_never_quoted(
    scheme: str, before: str, who: str, host: str, rest: str
) -> None:
    url = f"{scheme}://:{before}SECRET{who}@{host}/{rest}"
    try:
        said = repr(read_address(url))
    except ValueError as error:
        said = str(error)
    assert "SECRET" not in said
    assert len(said) < 800


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("READONLY You can't write against a read only replica.", "read-only"),
        ("READONLY You can't write against a read only replica. script: 12, on @user_script:3.", "read-only"),
        (
            "ERR Error running script (call to f_12): @user_script:3: @user_script: 3: -READONLY You can't write",
            "read-only",
        ),
        ("ERR Error running script (call to f_12): @user_script: 3: -OOM command not allowed when", "out-of-memory"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "out-of-memory"),
        ("MISCONF Errors writing to the AOF file: No space left on device", "disk"),
        ("LOADING Redis is loading the dataset in memory", "loading"),
        ("MASTERDOWN Link with MASTER is down", "master-down"),
        ("CLUSTERDOWN The cluster is down", "cluster-down"),
        ("MOVED 3999 127.0.0.1:6381", "moved"),
        ("TRYAGAIN Multiple keys request during rehashing of slot", "moved"),
        ("NOAUTH Authentication required.", "wrong-password"),
        ("WRONGPASS invalid username-password pair or user is disabled.", "wrong-password"),
        ("ERR invalid password", "wrong-password"),
        ("ERR DB index is out of range", "no-database"),
        ("NOPERM User ann has no permissions to run the 'evalsha' command", "not-allowed"),
        ("NOPERM User ann has no permissions to run the 'hset' command script: 12, on @user_script:3.", "not-allowed"),
        ("ERR ACL failure in script: User ann has no permissions to run the 'hset' command", "not-allowed"),
        ("ERR The user executing the script can't run this command or subcommand script: 12", "not-allowed"),
        ("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "busy"),
        ("DENIED Redis is running in protected mode because protected mode is enabled", "protected"),
        ("ERR max number of clients reached", "too-many-clients"),
        ("ERR SELECT is not allowed in cluster mode", "no-database"),
        ("ERR Client sent AUTH, but no password is set", "wrong-password"),
        ("ERR wrong number of arguments for 'auth' command", "too-old"),
        ("BUSYGROUP Consumer Group name already exists", ""),
        ("ERR unknown command 'NOSUCH'", "no-command"),
        ("ERR unknown subcommand 'NOSUCH'", "refused"),
        ("", "refused"),
    ],
)
def test_an_error_is_one_of_our_words(reply: str, why: str) -> None:
    assert trouble(reply) == why
    assert not why or why in TROUBLES
