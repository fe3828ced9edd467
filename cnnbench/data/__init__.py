"""Images: where they come from, how they are split, normalised, augmented and cut into batches."""
