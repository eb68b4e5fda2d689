"""Builds the bundled picture sets from pinned public packages; a developer's tool, never run by the app."""
