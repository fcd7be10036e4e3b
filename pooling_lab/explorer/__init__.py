"""The explorer: a pooling window on its way over a matrix, in notebooks, in pages and in documents."""

from .panel import Explorer, explore

__all__ = ["Explorer", "explore"]
