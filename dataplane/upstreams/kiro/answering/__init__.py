"""Kiro's streams as events."""
