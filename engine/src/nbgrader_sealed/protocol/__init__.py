"""How the grading process and a kernel talk: values as data, and the agent that answers in the kernel."""
