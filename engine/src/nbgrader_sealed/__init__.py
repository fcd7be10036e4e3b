"""Grade nbgrader assignments sealed: hidden tests run outside of the student's process, which runs in a sandbox."""
