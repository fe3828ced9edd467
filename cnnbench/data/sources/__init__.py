"""Where images come from: a source a file; what every source is, and what is kept of it decoded."""
