"""What exists: one folder per data domain, declared in YAML and SQL."""
