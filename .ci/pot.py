"""Gather the texts of the WordPress plugin that can be translated into its `.pot` file: `python3 .ci/pot.py` writes it anew.

What it reads: `__`, `esc_html__`, `esc_html_e`, `esc_attr__` and `_n` with literal texts and the plugin's domain, and the comment
for translators that stands in the line before.
"""

from __future__ import annotations

import re
from pathlib import Path

PLUGIN = Path(__file__).parents[1] / "integrations" / "wordpress" / "antechamber"
POT = PLUGIN / "languages" / "antechamber.pot"
_TEXT = r"'((?:[^'\\]|\\.)*)'"
_CALL = re.compile(
    r"(?:/\* translators: (?P<hint>[^*]*) \*/\s*[^;/]*?)?\b"
    rf"(?:(?:__|esc_html__|esc_html_e|esc_attr__)\( {_TEXT}, 'antechamber' \)"
    rf"|_n\( {_TEXT}, {_TEXT}, [^;]*?'antechamber' \))"
)
_HEADER = re.compile(r"^ \* (Plugin Name|Description|Author): (.*)$", re.MULTILINE)


def main() -> None:
    """Write the file."""
    POT.parent.mkdir(exist_ok=True)
    POT.write_text(pot(), encoding="utf-8")


def pot() -> str:
    """The file's text."""
    entries: dict[tuple[str, str], tuple[set[str], str]] = {}
    head = (PLUGIN / "antechamber.php").read_text(encoding="utf-8")
    for name, text in _HEADER.findall(head):
        entries[(text, "")] = ({"antechamber.php"}, f"{name} of the plugin")
    for path in sorted(PLUGIN.glob("includes/*.php")):
        for found in _CALL.finditer(path.read_text(encoding="utf-8")):
            one, first, many = found.group(2), found.group(3), found.group(4)
            key = (_plain(one or first), _plain(many or ""))
            places, hint = entries.get(key, (set(), ""))
            entries[key] = (places | {f"includes/{path.name}"}, hint or (found.group("hint") or "").strip())
    lines = [
        "# The texts of the WordPress plugin Antechamber, GPL-2.0-or-later like it. Made by .ci/pot.py.",
        'msgid ""', 'msgstr ""', '"Project-Id-Version: Antechamber\\n"', '"MIME-Version: 1.0\\n"',
        '"Content-Type: text/plain; charset=UTF-8\\n"', '"Content-Transfer-Encoding: 8bit\\n"', '"X-Domain: antechamber\\n"',
    ]  # fmt: skip
    for (one, many), (places, hint) in sorted(entries.items()):
        lines += ["", *([f"#. {hint}"] if hint else []), f"#: {' '.join(sorted(places))}"]
        lines += ["#, php-format"] if re.search(r"%(\d+\$)?[sd]", one) else []
        lines += [f'msgid "{_quoted(one)}"']
        lines += [f'msgid_plural "{_quoted(many)}"', 'msgstr[0] ""', 'msgstr[1] ""'] if many else ['msgstr ""']
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """What a text in single quotes of PHP says."""
    return text.replace("\\'", "'").replace("\\\\", "\\")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


if __name__ == "__main__":
    main()
