"""One trial: data to batches to backend to metrics to record."""
