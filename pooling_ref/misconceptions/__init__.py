"""The misconceptions of learners, each as a few lines of working wrong code, with what to say to its owner.

The classes in `steps` are right and slow, written in small steps. A misconception replaces one step, in the
same words for every task that it is registered for. It may have several versions: the same thought, written
differently. The table is also the mutation test of the checks.

Order matters: if two explain the same results equally well, the first one is named, so the more
specific stand first.
"""

from importlib import import_module

from pooling_ref.misconceptions.table import MISCONCEPTIONS, Misconception

__all__ = ["MISCONCEPTIONS", "Misconception"]

THEMES = (
    "values",
    "windows",
    "assumptions",
    "averages",
    "padding",
    "contract",
    "other_results",
    "backward",
    "networks",
)

for theme in THEMES:  # each adds its rows, in this order
    import_module(f"pooling_ref.misconceptions.{theme}")
