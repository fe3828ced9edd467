"""What there is to do: the images, the trials, and which of them are recorded."""
