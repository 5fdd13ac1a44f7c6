"""What importing costs: records a second and the most memory of the process, for small and large files of several formats.

Run: python -m benchmarks.importing [megabytes of the large file]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.load import COMMAND
from service.store.server import EmbeddedServer

LARGE = 50  # megabytes
TEXT = "I liked this post, thank you for writing it down so clearly; see https://site{0}.example/page for more. " * 3


class Form(NamedTuple):
    """How a format's file begins, what one record of it is, and how it ends."""

    head: str
    record: Callable[[int], str]
    tail: str = ""


def wordpress(number: int) -> str:
    """A comment of WordPress."""
    return (
        f"<wp:comment><wp:comment_id>{number}</wp:comment_id><wp:comment_author><![CDATA[Ann {number % 9}]]></wp:comment_author>"
        f"<wp:comment_author_email>ann{number % 999}@example.com</wp:comment_author_email>"
        "<wp:comment_author_url>https://ann.example/?a=1&b=2</wp:comment_author_url>"
        "<wp:comment_author_IP>192.0.2.7</wp:comment_author_IP><wp:comment_date>2019-03-01 14:00:00</wp:comment_date>"
        "<wp:comment_date_gmt>2019-03-01 13:00:00</wp:comment_date_gmt>"
        f"<wp:comment_content><![CDATA[{TEXT.format(number)}]]></wp:comment_content>"
        "<wp:comment_approved>1</wp:comment_approved><wp:comment_type>comment</wp:comment_type>"
        "<wp:comment_parent>0</wp:comment_parent><wp:comment_user_id>0</wp:comment_user_id></wp:comment>\n"
    )


def disqus(number: int) -> str:
    """A post of Disqus."""
    return (
        f'<post dsq:id="{number}"><id/><message><![CDATA[<p>{TEXT.format(number)}</p>]]></message>'
        "<createdAt>2019-03-01T13:00:00Z</createdAt><isDeleted>false</isDeleted><isSpam>false</isSpam>"
        f"<author><email>ann{number % 999}@example.com</email><name>Ann</name></author><ipAddress>192.0.2.7</ipAddress>"
        '<thread dsq:id="1"/></post>\n'
    )


def line(number: int) -> str:
    """An object of JSON lines."""
    said = {
        "id": str(number),
        "text": TEXT.format(number),
        "state": "approved",
        "email": f"ann{number % 999}@example.com",
    }
    return json.dumps(said) + "\n"


def row(number: int) -> str:
    """A row of CSV."""
    return f'{number},"{TEXT.format(number)}",approved,ann{number % 999}@example.com\n'


FORMS = {
    "wordpress": Form(
        '<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel><item><link>https://blog.example/bees/</link>',
        wordpress,
        "</item></channel></rss>",
    ),
    "disqus": Form(
        '<disqus xmlns="http://disqus.com"><thread dsq:id="1"><link>https://blog.example/</link></thread>',
        disqus,
        "</disqus>",
    ),
    "jsonl": Form("", line),
    "csv": Form("id,text,state,email\n", row),
}


def main() -> None:
    """Import each file into an empty server, and print."""
    large = int(sys.argv[1]) if len(sys.argv) > 1 else LARGE
    table = Table("format", "file (MB)", "what", "records", "records/s", "memory (MB)", title="Importing")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        for name, form in FORMS.items():
            for megabytes in (max(1, large // 10), large):
                fill(path, form, megabytes * 1_000_000)
                for words in (["--dry-run"], []):
                    records, seconds, memory = run(path, words)
                    table.add_row(
                        name, str(megabytes), "only looked" if words else "brought in",
                        f"{records:,}", f"{records / seconds:,.0f}", f"{memory / 1e6:.0f}",
                    )  # fmt: skip
    Console().print(table)


def run(path: Path, words: list[str]) -> tuple[int, float, int]:
    """(records, wall seconds, most resident bytes) of one import, the interpreter's start included."""
    with tempfile.TemporaryDirectory() as data, EmbeddedServer(Path(data)):
        environment = os.environ | {"ANTECHAMBER_DATA_DIR": data}
        for first in (["keys", "init"], ["sites", "add", "blog", "--url", "https://blog.example"]):
            subprocess.run([COMMAND, *first], env=environment, check=True, stdout=subprocess.DEVNULL)
        started = time.perf_counter()
        command = [COMMAND, "import", str(path), "--site", "blog", "--json", *words]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, process.returncode
        report = json.loads(said)
        assert sum(report["brought"].values()) == report["records"]
        return report["records"], time.perf_counter() - started, usage.ru_maxrss * 1024


def fill(path: Path, form: Form, size: int) -> None:
    """Write a file of about so many bytes."""
    with path.open("w") as file:
        written, number = file.write(form.head), 0
        while written < size:
            number += 1
            written += file.write(form.record(number))
        file.write(form.tail)


if __name__ == "__main__":
    main()
