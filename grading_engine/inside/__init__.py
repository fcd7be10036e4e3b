"""What runs behind the walls: the preloaded parent, and the kernels it forks."""
