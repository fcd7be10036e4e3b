"""The mistakes that learners make, a theme a file; `pooling_ref.misconceptions` is the table of all."""
