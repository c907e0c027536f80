"""What the three services share: stubs, settings, gRPC and HTTP plumbing, logging, the launcher."""

__version__ = "0.1.0"
