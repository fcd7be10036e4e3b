"""Where a student's kernel runs: its provisioner, the fork server, its workspace, its limits."""
