"""Two finished audits side by side: what changed, and which differences are more than chance. Torch-free."""
