"""Grade nbgrader assignments sealed: the hidden tests run outside of the student's process."""

from nbgrader_sealed.configuration import configure

__all__ = ["configure"]
