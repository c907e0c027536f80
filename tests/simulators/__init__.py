"""Simulated upstreams. A package, so that pytest never takes one of them for the SDK of the same name."""
