"""Submissions: reading whatever was handed in, and restoring the assignment's form."""
