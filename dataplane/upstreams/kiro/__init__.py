"""Kiro, the upstream behind AWS's IDE of that name."""

from dataplane.upstreams.kiro.upstream import Kiro

__all__ = ["Kiro"]
