"""Whether an attack on a defended system has measured anything: checks, and the lights they become."""
