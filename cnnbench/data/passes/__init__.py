"""From chosen images to the batches of an epoch."""
