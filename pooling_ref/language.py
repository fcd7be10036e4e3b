"""The sentences of the hidden side, in the language that `pooling_lab` speaks."""

from pathlib import Path

from pooling_lab.language import Sentences, later

__all__ = ["_", "later"]

_ = Sentences("pooling_ref", Path(__file__).parent / "locale")
