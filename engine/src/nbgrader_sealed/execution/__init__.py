"""Execution of a notebook: its cells in the kernel, its hidden tests in the grading process."""
