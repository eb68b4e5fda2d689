"""Attacks that have the defended system in hand: per image, universal on its answer, or aimed at its detector."""
