"""Simulated days of an account pool: the control plane's own code, an upstream that fails by script, a clock that jumps."""
