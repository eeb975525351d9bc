"""What a run learns from: rows, augmentation, teachers."""
