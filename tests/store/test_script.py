"""What scripts are given arrives as it was meant."""

from __future__ import annotations

import re

import pytest
import redis.asyncio as redis

from service.container import Services
from service.store.script import SCRIPTS, Field, script_command


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1, "number 1"),
        (-7, "number -7"),
        (2**31, "number 2147483648"),
        (1_790_000_000_123, "number 1790000000123"),
        (2**53, "number 9007199254740992"),
        (0.25, "number 0.25"),
        (True, "boolean true"),
        (None, "nil nil"),
        ("", "string "),
        ("1", "string 1"),
        (b"", "string "),
        (b"\xff\x00\xc4", "string \xff\x00\xc4"),
        ("é" * 200, "string " + "é" * 200),
        (b"x" * 31, "string " + "x" * 31),
        (b"x" * 32, "string " + "x" * 32),
        (b"x" * 300, "string " + "x" * 300),
        (b"x" * 70_000, "string " + "x" * 70_000),
        ([b"\xff", "b", 3], "list \xff,b,3"),
        ((), "list "),
        ({"\xe9": 1}, "map \xe9=1"),
    ],
)
async def test_every_kind_of_value(services: Services, value: Field, shown: str) -> None:
    client: redis.Redis = services.connection.client
    (*_, packed) = script_command("quota/spend", [], given=value)
    assert isinstance(packed, bytes)
    text = """
        local value = cmsgpack.unpack(ARGV[1]).given
        if type(value) == 'number' then return 'number ' .. string.format('%.17g', value) end
        if type(value) ~= 'table' then return type(value) .. ' ' .. tostring(value) end
        local found, kind = {}, 'list'
        for name, one in pairs(value) do
          if type(name) == 'string' then kind = 'map' end
          found[#found + 1] = (type(name) == 'string' and name .. '=' or '') .. one
        end
        return kind .. ' ' .. table.concat(found, ',')
    """
    reply = await client.eval(text, 0, packed)
    expected = shown.encode() if isinstance(value, str) or "=" in shown else shown.encode("latin-1")
    assert reply == expected


def test_every_script_but_the_hottest_takes_one_map() -> None:
    for name, text in SCRIPTS.items():
        if name != "comment/submit":
            assert text.count("ARGV[") == text.count("cmsgpack.unpack(ARGV[1])") == 1, name
            assert "-- ARGV  one map" in text, name
        assert "-- KEYS" in text, name
        assert "-- Reply" in text, name


def test_a_script_that_puts_keys_together_declares_their_prefix_beside_another_key() -> None:
    """No key is called like a prefix. So a server of a cluster that hands over the slot refuses the script (TRYAGAIN) as long as
    it has a part of the keys only, and it never runs on that part.
    """
    for name, text in SCRIPTS.items():
        keys = re.search(r"^-- KEYS (.*?)^-- ARGV", text, re.MULTILINE | re.DOTALL)
        assert keys is not None, name
        if text.startswith("local K = ") or "prefix" in keys[1]:
            assert "prefix" in keys[1], name
            assert re.search(r"\b2 \S", keys[1]), name
