"""Widgets: they know no engine and no model."""
