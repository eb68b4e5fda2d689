"""Pictures in, tensors out: bundled sets, the user's folders, single files."""
