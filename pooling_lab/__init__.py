"""What students import: the explorer, the pictures, the visible checks and the data."""
