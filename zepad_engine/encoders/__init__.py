"""Encoders: reading a file safely, recognising the family, features out of images in [0, 1]."""
