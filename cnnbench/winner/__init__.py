"""The winner taken home: chosen, trained once more, kept in a folder, and put to use."""
