"""Self-supervised pre-training of small encoders on the user's own pictures, and the linear probe that judges them."""
