"""Looking closely at one picture: attributions and what they are worth, per-image PGD step by step, neighbours."""
