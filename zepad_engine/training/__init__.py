"""What the defender trains: heads on frozen features, MPAE by adversarial fine-tuning, BMP on clean data."""
