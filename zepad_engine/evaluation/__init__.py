"""From stored logits to findings: cells, branches, detection, examples of one task."""
