"""The stream of an answer into events."""
