"""The emulated MekaMon: its model, its firmware, its radio."""
