"""The benchmark: the engine beside what a user would run instead. ``make bench``, or ``python -m tests.bench``."""
