"""The protocol between grading process and kernel: values as data, and the agent in the kernel."""
