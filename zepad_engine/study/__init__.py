"""Studies: many audits from one command, and the tables of RESULTS.md drawn from their reports. Torch-free."""
