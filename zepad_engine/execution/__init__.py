"""How networks are run: device, arithmetic, memory layout, batch-norm folding, batch size. Nobody else knows."""
