"""Files of arrays, one reader a format; each says what is there before anything large is read."""
