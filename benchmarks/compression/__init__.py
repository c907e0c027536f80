"""What compression costs and saves: `python -m benchmarks.compression`."""
