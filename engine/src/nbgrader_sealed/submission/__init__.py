"""What was handed in: read whatever it holds, and brought back to the assignment's form."""
