"""The night benchmark: months of nights, encounters with people and pets, random worlds."""
