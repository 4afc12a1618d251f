"""What the shop declares."""
