"""What is refused when descriptors are to be compared."""

from domain.shared.refusal import Refusal


class NoDescriptor(Refusal):
    """The object that is to be compared has no descriptor of the kind and version in use."""

    detail = "{} with id '{}' has no {} descriptor of version {}"


class ReferenceNotFound(Refusal):
    """No face or event has the external or track id of the reference."""

    detail = "Reference '{}' with id '{}' not found"


class BadReference(Refusal):
    """A reference or candidate in the body is not what its type says."""

    detail = "Failed to validate input json. Path: '{}',  message: '{}'"


class NotComparable(Refusal):
    """Descriptors of different kinds or versions were given to be compared."""

    detail = "Descriptors '{}' and '{}' are of different kinds or versions"


class IndexFull(Refusal):
    """The match index has as many descriptors as the memory set aside for it can hold."""

    detail = "The match index may take {} bytes, and there is no room for more descriptors"
