"""The history of audits: a model of the runs, the table that shows it, and what can be done with a run."""
