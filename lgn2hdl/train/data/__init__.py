"""What a run learns from: rows, encoder, augmentation, teachers."""
