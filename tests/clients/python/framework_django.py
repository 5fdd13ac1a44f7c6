"""django-contrib-comments with the module of docs/frameworks.md: posts comments by its own form, and hears a call-back."""

import json
import os
import sys
import tempfile
import types
from datetime import UTC, datetime
from pathlib import Path

import django
from django.conf import settings
from django.urls import include, path

scenario = json.loads(os.environ["SCENARIO"])
folder = Path(tempfile.mkdtemp())  # an app of one's own
(folder / "moderation").mkdir()
(folder / "moderation" / "__init__.py").touch()
(folder / "moderation" / "models.py").write_text(os.environ["CODE"])
sys.path.insert(0, str(folder))
settings.configure(
    ALLOWED_HOSTS=["*"], SECRET_KEY="test", ROOT_URLCONF="urls", SITE_ID=1, USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites", "django.contrib.sessions",
        "django_comments", "moderation",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {"comments/posted.html": "thanks"})]},
    }],
)  # fmt: skip
django.setup()

from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.contrib.sites.models import Site  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.template import Context, Template  # noqa: E402
from django.test import Client  # noqa: E402
from django_comments.forms import CommentForm  # noqa: E402
from django_comments.models import Comment  # noqa: E402
from moderation.models import callback  # noqa: E402
from standardwebhooks import Webhook  # noqa: E402

urls = types.ModuleType("urls")
urls.urlpatterns = [path("comments/", include("django_comments.urls")), path("antechamber", callback)]
sys.modules["urls"] = urls

call_command("migrate", verbosity=0, run_syncdb=True)
page = Site.objects.get(pk=1)  # any object can be commented on
Site.get_absolute_url = lambda self: "/bread"
client = Client(headers={"host": "blog.example"})


def post(text: str, name: str = "Ann") -> Comment:
    form = CommentForm(page)
    data = {**form.initial, **form.generate_security_data(), "name": name, "email": "ann@example.com", "comment": text}
    answer = client.post("/comments/post/", data)
    assert answer.status_code == 302, answer.content
    return Comment.objects.latest("pk")


def told(comment: Comment, state: str, secret: str, **more: object) -> int:
    body = json.dumps({"type": f"comment.{state}", "data": {"platform_id": str(comment.pk), "state": state} | more})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("m1", now, body),
    }
    return client.post("/antechamber", body, content_type="application/json", headers=headers).status_code


def shown(comment: Comment) -> str:
    template = Template("{{ comment.edit.content|default:comment.comment }}")
    return template.render(Context({"comment": Comment.objects.get(pk=comment.pk)}))


assert ContentType.objects.get_for_model(Site)
good, bad = post(scenario["comment"]["content"]), post(scenario["comment"]["spam"])
said = {"good": [good.is_public, good.is_removed], "bad": [bad.is_public, bad.is_removed]}
said["forged"] = told(good, "rejected", "whsec_" + "A" * 44)
good.refresh_from_db()
said["after_forged"] = good.is_public
said["told"] = told(good, "rejected", os.environ["COMMENTS_SECRET"])
good.refresh_from_db()
said["after_told"] = [good.is_public, good.is_removed]
secret, text = os.environ["COMMENTS_SECRET"], scenario["comment"]["content"]
for edit in ({"content": "Call me: •••"}, {"content": "<b>Call</b>"}, None):
    assert told(good, "approved", secret, edit=edit) == 204
    said.setdefault("edited", []).append(shown(good).replace(text, "the author's"))
good.refresh_from_db()
said["kept"] = good.comment == text
os.environ["COMMENTS_API"] = "http://127.0.0.1:9"
away = post(scenario["comment"]["content"], "Bo")
said["away"] = [away.is_public, away.is_removed]
print(json.dumps(said))
