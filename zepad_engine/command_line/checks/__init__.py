"""What ``doctor`` looks at: one file per concern, each a function that gives back Checks."""
