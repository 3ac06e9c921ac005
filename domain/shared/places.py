"""Places as clients write them."""

from domain.shared.fields import Latitude, LocationPart, Longitude, Record


class GeoPosition(Record):
    """A place on earth, in degrees."""

    longitude: Longitude
    latitude: Latitude


class Location(Record):
    """Where a camera stands or an event happened, as far as it is known."""

    city: LocationPart | None = None
    area: LocationPart | None = None
    district: LocationPart | None = None
    street: LocationPart | None = None
    house_number: LocationPart | None = None
    geo_position: GeoPosition | None = None
