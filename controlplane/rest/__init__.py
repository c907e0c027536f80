"""What administrators and their scripts speak: JSON over HTTP, and one page that says so."""

from controlplane.rest.api import build

__all__ = ["build"]
