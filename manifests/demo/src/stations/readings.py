"""Readings, and what can be asked of them."""

import attrs
import more_itertools
import sortedcontainers


@attrs.frozen
class Reading:
    """A temperature that a station measured."""

    station: str
    celsius: float


def warmest(readings):
    """The warmest reading of each station, by station."""
    groups = more_itertools.map_reduce(readings, keyfunc=lambda reading: reading.station)
    return sortedcontainers.SortedDict(
        {station: max(group, key=lambda reading: reading.celsius) for station, group in groups.items()}
    )
