"""A finished audit in one file (``.zepad``): written, checked to the last byte, opened. Torch-free."""
