"""Tests of the components: YAML, assets, automation, instance."""
