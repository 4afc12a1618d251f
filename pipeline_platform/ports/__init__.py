"""What the platform asks of the outside; each port has implementations by profile."""
