"""What every Garden Sentinel package needs once."""
