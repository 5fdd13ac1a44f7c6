"""A visitor's or moderator's browser, as far as these tests need one: cookies, redirects, forms and links."""

from __future__ import annotations

import html
import re
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import NamedTuple


class Page(NamedTuple):
    """What came back."""

    status: int
    url: str
    text: str

    def form(self, where: str) -> Form:
        """The form whose id or action contains `where`."""
        for form in self.forms():
            if where in form.id or where in form.action:
                return form
        raise AssertionError(f"no form {where} on {self.url}: {self.text[:500]}")

    def forms(self) -> list[Form]:
        """All forms."""
        reader = _Forms()
        reader.feed(self.text)
        return [form._replace(action=urllib.parse.urljoin(self.url, form.action)) for form in reader.forms]

    def link(self, *parts: str) -> str:
        """The address of the first link that contains all of these."""
        for found in re.findall(r"href=['\"]([^'\"]+)['\"]", self.text):
            address = html.unescape(found)
            if all(part in address for part in parts):
                return urllib.parse.urljoin(self.url, address)
        raise AssertionError(f"no link with {parts} on {self.url}")

    @property
    def words(self) -> str:
        """The text that people read."""
        shown = re.sub(r"<(script|style)\b.*?</\1>", " ", self.text, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", shown)).split())


class Form(NamedTuple):
    """A form and what is in its fields."""

    id: str
    action: str
    fields: dict[str, str]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = True
            self.forms.append(Form(attributes.get("id", ""), attributes.get("action", ""), {}))
        elif self._inside and tag in ("input", "textarea") and (name := attributes.get("name")):
            ticked = attributes.get("type") not in ("checkbox", "radio", "submit") or "checked" in attributes
            if ticked:
                self.forms[-1].fields[name] = attributes.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


class Browser:
    """One person's cookies."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, address: str) -> Page:
        """GET an address, or a path."""
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.base, address)))

    def post(self, address: str, fields: dict[str, str]) -> Page:
        """POST a form."""
        data = urllib.parse.urlencode(fields).encode()
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.base, address), data=data))

    def send(self, form: Form, **fields: str) -> Page:
        """Fill in a form and send it."""
        return self.post(form.action, form.fields | fields)

    def log_in(self, user: str, password: str) -> None:
        """Log in to wp-admin."""
        self.get("/wp-login.php")
        page = self.post(
            "/wp-login.php", {"log": user, "pwd": password, "testcookie": "1", "redirect_to": f"{self.base}/wp-admin/"}
        )
        assert "wp-admin" in page.url, page.words[:500]

    def _open(self, request: urllib.request.Request) -> Page:
        request.add_header("User-Agent", "Mozilla/5.0 (a test)")
        request.add_header("Referer", self.base)
        try:
            with self._opener.open(request, timeout=30) as response:
                return Page(response.status, response.url, response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.url, error.read().decode())
