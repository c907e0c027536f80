"""Calls as chat completion requests."""
