"""What happened in the garden and why, kept so that neither a crash nor a power cut loses it."""
