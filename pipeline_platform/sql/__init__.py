"""SQL as text: its tables, columns, types and lineage, and what it may do."""
