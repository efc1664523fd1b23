"""What produces every figure that is quoted about guard, brain and policy."""
