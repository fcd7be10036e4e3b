"""What a student's notebook may contain: text that can be encoded, and pictures in base64."""

import re
from typing import Any

KEPT_BASE64 = ("image/png", "image/jpeg", "image/gif")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def clean(value: Any, limit: int | None = None) -> str:
    """Return a string or a list of lines as text that UTF-8 can encode; an empty string for anything else."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str):
        return ""
    return value[:limit].encode("utf-8", "replace").decode("utf-8")
