"""Flask with the module of docs/frameworks.md."""

import json
import os
from datetime import UTC, datetime

from flask import Flask
from standardwebhooks import Webhook

scenario, module = json.loads(os.environ["SCENARIO"]), {"__name__": "moderation"}
exec(os.environ["CODE"], module)
app, decided = Flask(__name__), {}
app.register_blueprint(module["antechamber"])
app.config["COMMENT_DECIDED"] = decided.__setitem__


def told(secret: str) -> int:
    body = json.dumps({"type": "comment.rejected", "data": {"platform_id": "f1", "state": "rejected"}})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("m1", now, body),
    }
    return app.test_client().post("/antechamber", data=body, headers=headers).status_code


def judge(number: str, text: str) -> str:
    return module["judge"](number, scenario["comment"]["permalink"], "Ann", "ann@example.com", text)


said = {
    "good": judge("f1", scenario["comment"]["content"]),
    "bad": judge("f2", scenario["comment"]["spam"]),
    "forged": [told("whsec_" + "A" * 44), dict(decided)],
    "told": [told(os.environ["COMMENTS_SECRET"]), dict(decided)],
}
os.environ["COMMENTS_API"] = "http://127.0.0.1:9"
said["away"] = judge("f3", scenario["comment"]["content"])
print(json.dumps(said))
