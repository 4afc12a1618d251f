"""The batch path: views recomputed from accepted rows, day by day."""
