"""The only outbound I/O; each module implements one port."""
