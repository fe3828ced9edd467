"""What a trained network learned: where it looks for a class, what its layers make, its filters."""
