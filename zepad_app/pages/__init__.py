"""Pages of the window: each talks to the audit model only."""
