"""Delta tables: written here alone, exactly once, by compare-and-swap."""
