"""MekaMon driver over Bluetooth Low Energy, and the speaker."""
