"""The refusals of images, wherever they come from."""

from api.catalogue.entry import BAD_INPUT, Entries, Entry
from api.images_in_request import BadBase64, BadImageType
from api.url_guard import DownloadFailed, UrlRefused
from domain.shared.image_refusals import (
    BadBodyWarp,
    BadFaceWarp,
    EstimationImpossible,
    ImageRefused,
    ModelsBusy,
    MultipleFaces,
    NoFaces,
    NothingToAggregate,
    TooManyBytes,
    TooManyImages,
    TooManyPixels,
    TooSmallImage,
    UndecodableImage,
    UnsupportedImageFormat,
)

ENTRIES: Entries = {
    BadImageType: Entry(11028, 400, BAD_INPUT),
    BadBase64: Entry(18002, 400, BAD_INPUT),
    DownloadFailed: Entry(11027, 400, "External request failed"),
    UrlRefused: Entry(90010, 400, BAD_INPUT),
    ImageRefused: Entry(90011, 400, BAD_INPUT),
    UndecodableImage: Entry(32010, 400, "Failed to decode image data"),
    UnsupportedImageFormat: Entry(90012, 400, BAD_INPUT),
    TooManyBytes: Entry(90013, 413, "Payload too large"),
    TooManyPixels: Entry(90014, 413, "Payload too large"),
    TooSmallImage: Entry(90015, 400, BAD_INPUT),
    BadFaceWarp: Entry(90016, 400, BAD_INPUT),
    BadBodyWarp: Entry(90017, 400, BAD_INPUT),
    NoFaces: Entry(90018, 400, "No faces found"),
    MultipleFaces: Entry(11038, 400, "Multiple faces found"),
    TooManyImages: Entry(90019, 413, "Payload too large"),
    EstimationImpossible: Entry(90020, 400, BAD_INPUT),
    NothingToAggregate: Entry(90021, 400, BAD_INPUT),
    ModelsBusy: Entry(90022, 503, "Service unavailable"),
}
