"""Point-in-time features: what was known at an instant, and nothing else."""
