"""A WordPress blog under PHP's own web server, installed by script, and the tests' ways into it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.system.stack import free_port
from tests.wordpress.browser import Browser, Page

REPOSITORY = Path(__file__).parents[2]
UNPACKED = Path(os.environ.get("WORDPRESS_UNPACKED", REPOSITORY / "build" / "wordpress"))
"""Debian's packages, unpacked; another folder holds those of another suite."""
PLUGIN = REPOSITORY / "integrations" / "wordpress" / "antechamber"
SITE = Path(__file__).parent / "site"
ADMIN = ("admin", "correct horse")
QUEUE = "antechamber_queue"


def unpack(root: Path) -> None:
    """Lay out WordPress, our plugin and the test blogs' configuration in a folder."""
    wordpress = UNPACKED / "usr" / "share" / "wordpress"
    assert wordpress.is_dir(), "WordPress is missing; .ci/wordpress.sh fetches it"
    # Debian's package shares some scripts with others by links that lead nowhere here; nothing we do needs them.
    shutil.copytree(wordpress, root, ignore_dangling_symlinks=True)
    shutil.copytree(PLUGIN, root / "wp-content" / "plugins" / "antechamber")
    shutil.copy(SITE / "wp-config.php", root / "wp-config.php")
    (root / "wp-content" / "mu-plugins").mkdir()
    shutil.copy(SITE / "test-blog.php", root / "wp-content" / "mu-plugins")


class Blog:
    """One blog: its address, its database, its pages."""

    def __init__(self, root: Path, folder: Path, database: str, socket: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.root = root
        compiled = folder / "compiled"
        compiled.mkdir(exist_ok=True)
        self.php = ["php", "-d", "opcache.enable_cli=1", "-d", f"opcache.file_cache={compiled}"]
        self.log, self.mail_file, self.server_log = (
            folder / f"{database}.{name}" for name in ("log", "mail", "server")
        )
        self.environment = {
            **os.environ,
            "BLOG_DATABASE": database,
            "BLOG_USER": "root",
            "BLOG_SOCKET": str(socket),
            "BLOG_URL": self.url,
            "BLOG_ROOT": str(root),
            "BLOG_LOG": str(self.log),
            "BLOG_MAIL": str(self.mail_file),
            "PHP_CLI_SERVER_WORKERS": "4",
        }

    @property
    def callback(self) -> str:
        """Where the plugin takes call-backs."""
        return f"{self.url}/index.php?rest_route=/antechamber/v1/callback"

    def call(self, command: str, **arguments: Any) -> Any:
        """A command of site/blog.php."""
        done = subprocess.run(
            [*self.php, "-d", "display_errors=stderr", str(SITE / "blog.php"), command],
            input=json.dumps(arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def set_up(self, *plugins: str) -> None:
        """Install it, without its own rule on newcomers' first comments where a test does not ask for it."""
        self.call("install", user=ADMIN[0], password=ADMIN[1])
        for plugin in plugins:
            assert self.call("activate", plugin=plugin) == "active"

    def comments(self) -> list[dict[str, Any]]:
        """Every comment in the database."""
        return list(self.call("comments"))

    def comment(self, text: str) -> dict[str, Any]:
        """The one comment that contains this text."""
        (found,) = [comment for comment in self.comments() if text in comment["content"]]
        return found

    def until(self, text: str, status: str, *, seconds: float = 30.0, **meta: str) -> dict[str, Any]:
        """Wait until the comment with this text has a status, and its meta these values."""
        deadline = time.monotonic() + seconds
        while True:
            comment = self.comment(text)
            if comment["status"] == status and all(
                comment["meta"].get(f"_antechamber{k}") == v for k, v in meta.items()
            ):
                return comment
            assert time.monotonic() < deadline, comment
            time.sleep(0.1)

    def mails(self) -> list[dict[str, Any]]:
        """Mail that went out."""
        if not self.mail_file.exists():
            return []
        return [json.loads(line) for line in self.mail_file.read_text().splitlines()]

    def run_cron(self, hook: str = QUEUE) -> None:
        """Let the time come for a cron hook, and run cron as a visit would."""
        self.call("due", hook=hook)
        with urllib.request.urlopen(f"{self.url}/wp-cron.php", timeout=60) as response:
            response.read()

    def post_comment(self, text: str, *, browser: Browser | None = None, **fields: str) -> Page:
        """Open the first post, fill in its comment form and send it. Fields with a - in WordPress have a _ here."""
        browser = browser or Browser(self.url)
        page = browser.get("/?p=1")
        assert page.status == 200, page.text[:500]
        visitor = {"author": "Ann", "email": "ann@example.com", "url": ""} | fields
        return browser.send(page.form("commentform"), comment=text, **visitor)

    def moderator(self, user: str = ADMIN[0], password: str = ADMIN[1]) -> Browser:
        """Somebody logged in to wp-admin."""
        browser = Browser(self.url)
        browser.log_in(user, password)
        return browser

    def moderate(self, browser: Browser, action: str, comment: int, listed: str = "all") -> Page:
        """Press a link below a comment in wp-admin's list: approvecomment, spamcomment, unspamcomment, …"""
        for number in range(1, 20):  # a page shows twenty
            page = browser.get(f"/wp-admin/edit-comments.php?comment_status={listed}&paged={number}")
            if re.search(rf"id=['\"]comment-{comment}['\"]", page.text):
                break
        done = browser.get(page.link(f"action={action}", f"c={comment}&"))
        assert done.status == 200, done.words[:500]
        return done

    def complaints(self) -> str:
        """What PHP has complained about in our plugin's code; the rest of WordPress 6.1 is not ours."""
        text = self.log.read_text() if self.log.exists() else ""
        return "\n".join(line for line in text.splitlines() if "plugins/antechamber" in line or "Fatal" in line)

    @contextlib.contextmanager
    def served(self) -> Iterator[Blog]:
        """Serve it while the context lasts."""
        with self.server_log.open("ab") as log:
            server = subprocess.Popen(
                [*self.php, "-S", f"127.0.0.1:{self.port}", "-t", str(self.root)],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # its workers are processes of the same group
            )
        try:
            self._wait(server)
            yield self
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=30)

    def _wait(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/readme.html", timeout=5) as response:
                response.read()
                return
            alive = server.poll() is None and time.monotonic() < deadline
            assert alive, self.server_log.read_text()
            time.sleep(0.05)
