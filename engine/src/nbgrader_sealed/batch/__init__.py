"""Many submissions at once: the command, the workers, and the one writer to the gradebook."""
