"""What keeps a kernel in: bubblewrap's namespaces, or Landlock."""
