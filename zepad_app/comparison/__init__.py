"""What the compare page is made of: the two audits, what changed, plots and a table of differences."""
