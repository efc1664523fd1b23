"""MuJoCo garden, animals and an emulated MekaMon."""
