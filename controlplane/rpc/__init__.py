"""gRPC for data planes."""
