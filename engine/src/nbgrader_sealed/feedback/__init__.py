"""Feedback pages: sanitised, in the notebook's language, without scripts."""
