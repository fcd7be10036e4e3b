"""Grading a class in parallel: the command, the workers, and the gradebook's only writer."""
