"""How a notebook is run and judged: a plugin of nbgrader that knows nothing about pooling."""
