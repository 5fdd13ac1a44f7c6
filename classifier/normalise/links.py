"""Links in comments: finding them in any markup, and what their hosts and addresses give away. For `classifier` only.

Hosts are what `Host` reads, without `www.`: so every spelling of one is the same here as in the service.
Nothing here fetches anything; a link is judged by its text alone. None of the host lists decides anything by itself; they
feed features whose weight is learnt.
"""

import re
from typing import NamedTuple

from classifier.unicode.hosts import Host

_LINK_ENDINGS = """
adult ae agency ai app ar at au be be bet bg bid biz blog br by ca cam cash casino cc cf ch chat cl click club cn co
com cricket cz date dating de dev dk download ee es eu fi finance fm fr fun ga gd gg gl gq gr guru hk hr hu icu id ie
il im in info io ir is it jp ke kr kz la life link live loan lt lv ly me men ml mobi money mx my name net news ng nl
no nz online org party pe ph pl poker porn pro pt pw racing review reviews ro rs ru science se sex sg shop site space
store stream su tech th tk to today top tr trade tv tw ua uk us vip vn webcam website win work world ws xxx xyz za
"""

_RISKY_ENDINGS = """
adult bet bid biz cam cash casino cc cf click club cn cricket date dating download fun ga gq icu info loan men ml
money online party poker porn pw racing review reviews ru science sex shop site space store stream su tk top trade vip
webcam website win ws xxx xyz
"""

_SHORTENERS = """
adf.ly bc.vc bit.do bit.ly buff.ly clck.ru cli.gs cutt.ly goo.gl is.gd linktr.ee lnkd.in ouo.io ow.ly rb.gy rebrand.ly
s.id shorte.st shorturl.at snipurl.com soo.gd su.pr t.co t.ly tiny.cc tinyurl.com tr.im u.to v.gd vk.cc x.co
"""

_FREE_HOSTS = """
angelfire.com blogger.com blogspot.com geocities.com github.io hatenablog.com hubpages.com jimdo.com livejournal.com
medium.com multiply.com narod.ru over-blog.com sites.google.com squidoo.com tripod.com tumblr.com typepad.com ucoz.ru
webs.com weebly.com wix.com wixsite.com wordpress.com xanga.com yolasite.com
"""

LINK_ENDINGS = frozenset(_LINK_ENDINGS.split())
"""Top-level domains common enough to take `word.tld` for a link though it has no scheme."""

RISKY_ENDINGS = frozenset(_RISKY_ENDINGS.split())
"""Top-level domains that blog spam prefers."""

SHORTENERS = frozenset(_SHORTENERS.split())
"""Hosts whose links hide where they lead."""

FREE_HOSTS = frozenset(_FREE_HOSTS.split())
"""Hosts where anybody gets a page for nothing."""


# Common enough top-level domains to take `word.tld` for a link that has no scheme.
_ATTRIBUTE = r"""(?:href|src)\s*=\s*["']?\s*([^\s"'<>]*)"""
# Patterns begin with a literal wherever they can: the engine then skips to it at the speed of memchr.
TAG = re.compile(r"<(?:!--(?:[^-]|-(?!->)){0,200}-->|/?[a-z!][^<>]*>|!--)")
_TARGET = re.compile(_ATTRIBUTE)
_BREAKING = re.compile(r"</?(?:p|br|div|li|ul|ol|tr|td|th|h[1-6]|hr|table|blockquote|pre|img)\b")
BBCODE = re.compile(
    r"\[/?(?:url|link|img|b|i|u|s|quote|code|color|size|font|center|email|list|\*)(?:\s*=\s*([^\[\]]*))?\]",
    re.IGNORECASE,
)
MARKDOWN = re.compile(r"\[([^\[\]]*)\]\(\s*<?([^()\s<>]*)[^()]*\)")
SCHEME_ANCHOR = re.compile("://")
WWW_ANCHOR = re.compile(r"www\.")
ABROAD = re.compile(
    r"(?:(?:https?|hxxps?|ftp):/{2,}|(?<![\w.\-@/])www[.。．｡](?=[^\W_]))(?P<host>[^\s<>\"\[\]{}|\\^/?#]*[^\x00-\x7f\s][^\s<>\"\[\]{}|\\^/?#]*)",
    re.IGNORECASE,
)
"""An address as it was written, with a host that is not all ASCII."""
BACKSLASHED = re.compile(
    r"((?:https?|ftp):)(?!\\/\\/)(?=/*\\)[/\\]{2,}([^\s<>\"/?#\\]*)(\\(?![nrt](?![a-z])|u[0-9a-f]{4}|x[0-9a-f]{2})/?)?",
    re.IGNORECASE,
)
"""An address as it was written, with backslashes before its host: scheme, host, and a backslash behind it that is no escape."""
CUT_SHORT = re.compile(
    r"((?:https?|ftp):(?:/{2,}|\\/\\/)[^\s<>\"/?#\\]+)\\(?=[^\s<>\"/?#]*@|[^\s<>\"/nrtux])", re.IGNORECASE
)
"""An address as it was written, whose host a backslash ends: to browsers that is a slash."""
ADDRESSED = re.compile(r"(?:(?:https?|hxxps?|ftp)://|(?<![a-z0-9.\-@/_])www\.(?=[^\W\d_]))[^\s<>\"\[\]{}|\\^]*")
_ENDING = r"\.([a-z]{2,8})(?![a-z0-9@\-]|\.[a-z0-9@]|://)"
DOMAIN_ENDING = re.compile(_ENDING)
BARE = re.compile(
    r"(?<![a-z0-9.\-@/_])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,5}"
    + _ENDING
    + r"(?:/[^\s<>\"\[\]{}|\\^]*)?"
)
ADDRESSEE = re.compile(r"@(?:[\w\-]{1,63}\.|\*)")
EMAIL = re.compile(
    r"(?<![\w.+\-])[\w.+\-]{1,64}@(?:[\w\-]{1,63}\.)+[a-z]{2,24}|(?<![\w.+\-*])\*{1,64}@\*{1,255}(?![\w*])"
)
"""An address, or one that was dotted out; dots are asterisks by then."""
_EDGE = ".,;:!'\"()*-_"
_NOT_IN_HOST = re.compile(r"[^\w.\-]")
_LONGEST_ADDRESS = 2048
SOLE = re.compile(r"https?://[a-z0-9.\-/_?=%#+~,;]+")
_SCHEME = re.compile(r"^(?:[a-z]{2,6}:/+)?(?:www\.)*")


class Link(NamedTuple):
    """A link as found, folded to lower case."""

    host: str
    """The host without `www.`, port and credentials; may be empty or nonsense, as in the comment."""
    path: str
    """What follows the host up to a query or fragment, at most 80 characters, with its leading slash."""
    bare: bool = False
    """It has no scheme: `example.com`."""

    @property
    def text(self) -> str:
        """How the link is written in the folded text."""
        return self.host + self.path

    @property
    def tld(self) -> str:
        """The last label of the host."""
        return self.host.rpartition(".")[2]

    @property
    def shortened(self) -> bool:
        """The host hides the destination."""
        return self.host in SHORTENERS

    @property
    def risky(self) -> bool:
        """The top-level domain is one that spam prefers."""
        return self.tld in RISKY_ENDINGS

    @property
    def free_host(self) -> bool:
        """The page lives where anybody gets one for nothing."""
        return self.host in FREE_HOSTS or self.host.partition(".")[2] in FREE_HOSTS


def parse(address: str, *, bare: bool = False) -> Link:
    """Take an address apart. Never fails: what is not an address becomes an odd host."""
    address = address[:_LONGEST_ADDRESS]
    if "\\" in address:
        address = address.replace("\\", "/")
    # Letter by letter: a Greek word's last sigma is another letter when lowered with the word, and so another host.
    rest = _bared(address.lower() if address.isascii() else "".join(map(str.lower, address)))
    for mark in "?#":
        rest = rest.partition(mark)[0]
    authority, slash, path = rest.partition("/")
    host = _host(authority.rpartition("@")[2])
    path = (slash + path.replace(":", "").replace("@", ""))[:80].rstrip("/" + _EDGE)
    return Link(host, path, bare)


def _host(written: str) -> str:
    if written.startswith("["):
        return str(Host.of(written))
    named = _bared(written.partition(":")[0])
    if "%" in named or not named.isascii():
        named = _bared(Host.named(named))
    host = _NOT_IN_HOST.split(named[:253], 1)[0].partition("www.")[0].rstrip(_EDGE)
    return str(Host.named(host)) if host.rpartition(".")[2][:1].isdigit() else host


def _bared(address: str) -> str:
    """The address without scheme, `www.` and stray punctuation in front."""
    while True:
        scheme = _SCHEME.match(address)
        rest = address[scheme.end() if scheme else 0 :].lstrip(_EDGE)
        if len(rest) == len(address):
            return rest
        address = rest


def at_home(match: re.Match[str]) -> tuple[str, bool]:
    """For a match of `ABROAD`: the address with its host in ASCII, and whether the host's letters pose as others.

    What is in ASCII once it is unmasked (letters in costumes, characters that nobody sees) stays as it is: folding undoes that.
    """
    credentials, at, name = match["host"].rpartition("@")
    name, colon, port = name.partition(":")
    host = Host.named(name)
    if not host.international or "%" in host:
        return match[0], False
    before = match[0][: len(match[0]) - len(match["host"])]
    return f"{before}{credentials}{at}{host}{colon}{port}", host.shown == host


def known_ending(match: re.Match[str]) -> bool:
    """Whether a match of `BARE` ends in a top-level domain common enough to take it for a link."""
    return match[1] in LINK_ENDINGS


def tag_target(tag: str) -> str:
    """The address in an HTML tag, or the empty string."""
    found = _TARGET.search(tag)
    return found[1] if found else ""


def breaks_line(tag: str) -> bool:
    """The tag separates words (`<br>`), unlike `<b>`."""
    return _BREAKING.match(tag) is not None
