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
app.config["COMMENT_DECIDED"] = lambda number, state, text: decided.update({number: [state, text]})


def told(secret: str, state: str = "rejected", **more: object) -> int:
    body = json.dumps({"type": f"comment.{state}", "data": {"platform_id": "f1", "state": state} | more})
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
secret = os.environ["COMMENTS_SECRET"]
said["edited"] = [told(secret, "approved", edit={"content": "Call me: •••"}), dict(decided)]
said["taken_back"] = [told(secret, "approved", edit=None), dict(decided)]
os.environ["COMMENTS_API"] = "http://127.0.0.1:9"
said["away"] = judge("f3", scenario["comment"]["content"])
print(json.dumps(said))
