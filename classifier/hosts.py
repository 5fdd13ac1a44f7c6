"""Names of hosts that say something about a link. Data for `classifier.links`, collected by hand.

None of these decides anything by itself; they feed features whose weight is learnt.
"""

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
