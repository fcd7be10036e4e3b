"""The checks that hidden tests call: they run a student's function, score it, and name its misconception."""

from pooling_ref.checks.check import CHECKS, Check, Failure, Result
from pooling_ref.checks.grading import grade
from pooling_ref.checks.speed import grade_speed

__all__ = ["CHECKS", "Check", "Failure", "Result", "grade", "grade_speed"]
