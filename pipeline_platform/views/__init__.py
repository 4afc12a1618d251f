"""Views: one statement split in three, its states, the merged answer."""
