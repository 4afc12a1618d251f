"""What the folders of a project declare, resolved and checked, without Dagster."""
