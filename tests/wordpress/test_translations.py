"""The file that translators begin with has every text of the plugin."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "integrations" / "wordpress" / "antechamber"


def test_the_pot_file_is_up_to_date_and_complete() -> None:
    spec = importlib.util.spec_from_file_location("pot", ROOT / ".ci" / "pot.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pot = module.pot()
    assert (PLUGIN / "languages" / "antechamber.pot").read_text(encoding="utf-8") == pot, "run python3 .ci/pot.py"
    said = "".join(path.read_text(encoding="utf-8") for path in PLUGIN.glob("includes/*.php"))
    assert said.count("'antechamber' )") - said.count("'antechamber', 'Antechamber'") > 60
    for text in re.findall(r"(?:__|_n|esc_html_e|esc_html__|esc_attr__)\( '((?:[^'\\\\]|\\\\.)*)'", said):
        assert text.replace("\\'", "'").replace('"', '\\"') in pot, text
