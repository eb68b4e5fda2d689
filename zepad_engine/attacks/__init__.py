"""Attacks: each a frozen value in a file of its own, listed in registry.py."""
