"""From source to release: languages, clean notebooks, warnings about cells that cannot be judged sealed."""
