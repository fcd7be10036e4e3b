"""Names of other libraries that are private and borrowed all the same, one module for each library."""
