"""The refusals of models, model packs and descriptors."""

from api.catalogue.entry import BAD_INPUT, NOT_FOUND, Entries, Entry
from domain.shared.biometrics import BadDescriptor
from domain.shared.image_refusals import (
    BadModelPack,
    ModelPackExists,
    ModelPackNotFound,
    NoModelForRole,
)

ENTRIES: Entries = {
    NoModelForRole: Entry(90030, 501, "Not implemented"),
    BadModelPack: Entry(90031, 400, BAD_INPUT),
    ModelPackNotFound: Entry(90032, 404, NOT_FOUND),
    ModelPackExists: Entry(90033, 409, "Unique constraint error"),
    BadDescriptor: Entry(90034, 400, BAD_INPUT),
}
