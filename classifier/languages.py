"""Which language a comment is in: known, likely or unknown. For `classifier.model`."""


def judge(text: str, given: str) -> tuple[str, bool]:
    """The language (ISO 639-1, empty if unknown) and whether that is certain enough to act on."""
    if given:
        return given.replace("_", "-").partition("-")[0].lower(), True
    return "", False
