"""The walls around a student's kernel, as the grading process puts them up."""
