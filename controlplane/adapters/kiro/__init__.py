"""Kiro's account endpoints: token refresh, profiles, models, allowance."""

from controlplane.adapters.kiro.bases import Bases
from controlplane.adapters.kiro.provider import Kiro

__all__ = ["Bases", "Kiro"]
