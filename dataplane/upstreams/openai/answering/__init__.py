"""Chat completion streams as events."""
