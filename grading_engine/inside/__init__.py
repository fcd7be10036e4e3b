"""What runs behind the walls: the preloaded parent, the kernels it forks, and what answers in them."""
