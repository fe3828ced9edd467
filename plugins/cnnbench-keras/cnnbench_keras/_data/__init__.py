"""The data sets that Keras offers, read from the files it keeps, without Keras or a framework."""
