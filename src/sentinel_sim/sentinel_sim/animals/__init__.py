"""Bodies of the animals: shapes, coats, poses."""
