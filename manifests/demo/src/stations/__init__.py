"""The demo's own package: the warmest readings of weather stations."""

from stations.readings import Reading, warmest

__all__ = ["Reading", "warmest"]
__version__ = "1.0.0"
