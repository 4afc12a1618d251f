"""The real-time path: accepted rows folded as they come."""
