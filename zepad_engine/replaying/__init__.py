"""A finished audit run again from its bundle, and a verdict on every number."""
