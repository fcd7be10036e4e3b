"""What students import: the explorer, the pictures, the visible checks and the data."""

from importlib import import_module
from typing import Any

# What `from pooling_lab import ...` offers, and where it lives; each is loaded when it is first asked for.
_EXPORTS = {
    "explore": "explorer",
    "check": "checking",
    "photo": "photos",
    "set_language": "language",
}

__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_EXPORTS[name]}", __name__), name)
