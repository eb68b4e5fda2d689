"""The audit written the way the paper's release runs: plain float32 loops, one process, nothing cached or frozen."""
