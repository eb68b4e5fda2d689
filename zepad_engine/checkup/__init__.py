"""Is this encoder what it seems? Features, a k-NN probe against random weights, and what the batch norms remember."""
