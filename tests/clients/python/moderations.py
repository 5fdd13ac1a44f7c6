"""PyPI openai: its moderation call, as its documentation uses it."""

import openai
from scenario import SETTINGS, tell

BASE = f"http://127.0.0.1:{SETTINGS['port']}/v1"


def client(key=SETTINGS["api_key"]):
    return openai.OpenAI(base_url=BASE, api_key=key, max_retries=0)


def plain(answer):
    return {
        "id": answer.id,
        "model": answer.model,
        "results": [one.model_dump(by_alias=True) for one in answer.results],
    }


def refused(given, key=SETTINGS["api_key"]):
    try:
        return plain(client(key).moderations.create(input=given))
    except openai.APIStatusError as error:
        said = {"name": type(error).__name__, "status": error.status_code, "code": error.code, "param": error.param}
        return said | {"request": bool(error.request_id)}


comment = SETTINGS["comment"]
texts = [comment["content"], comment["rude"], comment["spam"]]
tell(
    {
        "one": plain(client().moderations.create(model="omni-moderation-latest", input=comment["rude"])),
        "several": plain(client().moderations.create(input=texts)),
        "parts": plain(client().moderations.create(input=[{"type": "text", "text": text} for text in texts[:2]])),
        "image": refused([{"type": "image_url", "image_url": {"url": "https://blog.example/a.png"}}]),
        "wrong_key": refused("hello", key="sk-nope"),
    }
)
