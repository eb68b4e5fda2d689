"""The ZePAD engine: crafts DAEs, tunes the branches, evaluates. Knows torch, never Qt; importing it loads neither."""

__version__ = "0.1.0"
