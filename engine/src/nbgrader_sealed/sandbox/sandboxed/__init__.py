"""The sandboxed side: the fork server, the kernels that it forks, and what each gives up first."""
