"""Where a student's kernel runs: the provisioner, the fork server that starts it, its workspace and its limits."""
