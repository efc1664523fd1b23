"""What ./sentinel runs before any package exists: standard library only."""
