"""The store's history."""
