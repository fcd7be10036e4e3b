"""What a notebook of a student's may hold: text that any file can hold, and pictures in base64."""

import re
from typing import Any

KEPT_BASE64 = ("image/png", "image/jpeg", "image/gif")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def clean(value: Any, limit: int | None = None) -> str:
    """Return a string (nbformat's list of lines too) that any file can hold; anything else as nothing."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str):
        return ""
    return value[:limit].encode("utf-8", "replace").decode("utf-8")
