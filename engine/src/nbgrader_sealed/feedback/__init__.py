"""The page that a student gets back: sanitised, in the notebook's language, without scripts."""
