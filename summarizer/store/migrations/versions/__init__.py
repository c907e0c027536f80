"""One file for each step of the store's history."""
