"""google-api-python-client, as Perspective's own samples use it."""

from googleapiclient import discovery
from googleapiclient.errors import HttpError
from scenario import SETTINGS, tell


def made(key):
    return discovery.build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=key,
        discoveryServiceUrl=f"http://127.0.0.1:{SETTINGS['port']}/$discovery/rest?version=v1alpha1",
        static_discovery=False,
    )


def analyze(text, *attributes, key=SETTINGS["key"], **more):
    body = {"comment": {"text": text}, "requestedAttributes": {name: {} for name in attributes}, **more}
    try:  # made within: a wrong key is refused at the directory
        return made(key).comments().analyze(body=body).execute()
    except HttpError as error:
        return {"status": error.status_code, "reason": error.reason, "details": error.error_details}


def batch(*texts):
    heard = {}

    def said(identity, response, error):
        heard[identity] = {"status": error.status_code, "reason": error.reason} if error else response

    client = made(SETTINGS["key"])
    together = client.new_batch_http_request(callback=said)
    for number, text in enumerate(texts):
        body = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}, "languages": ["en"]}
        together.add(client.comments().analyze(body=body), request_id=f"text {number}")
    together.execute()
    return heard


comment = SETTINGS["comment"]
six = ("TOXICITY", "SEVERE_TOXICITY", "IDENTITY_ATTACK", "INSULT", "PROFANITY", "THREAT")
suggestion = {"comment": {"text": comment["content"]}, "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0}}}}
tell(
    {
        "friendly": analyze(comment["content"], *six, "SPAM", languages=["en"], doNotStore=True),
        "rude": analyze(comment["rude"] + " " + comment["content"], "TOXICITY", spanAnnotations=True),
        "spam": analyze(comment["spam"], "SPAM"),
        "unknown": analyze("hello", "FLIRTATION"),
        "empty": analyze("", "TOXICITY"),
        "language": analyze("ciao", "TOXICITY", languages=["iu"]),
        "wrong_key": analyze("hello", "TOXICITY", key="nope"),
        "batch": batch(comment["content"], "", comment["rude"], *["fine"] * 200),
        "dropped": analyze("hello", "FLIRTATION", "TOXICITY", dropUnsupportedAttributes=True),
        "suggested": made(SETTINGS["key"]).comments().suggestscore(body=suggestion | {"clientToken": "t1"}).execute(),
    }
)
