"""What is said about images, warps and models that cannot be worked with."""

from domain.shared.refusal import Refusal


class ImageRefused(Refusal):
    """An image cannot be processed; the other images of the request still are."""


class UndecodableImage(ImageRefused):
    """The data are damaged, cut short or not an image at all."""

    detail = "File decoding error: {}"


class UnsupportedImageFormat(ImageRefused):
    """The data are an image of a format that is not accepted."""

    detail = "Image format '{}' is not supported; send JPEG, PNG, BMP, TIFF, PPM, WebP or GIF"


class TooManyBytes(ImageRefused):
    """The file is larger than one image may be."""

    detail = "Image has {} bytes, the limit is {}"


class TooManyPixels(ImageRefused):
    """The image is larger than one image may be once it is decoded."""

    detail = "Image is {} x {} pixels, the limit is {} pixels and {} on one side"


class TooSmallImage(ImageRefused):
    """The image has too few pixels to hold a face."""

    detail = "Image is {} x {} pixels, at least {} on each side are needed"


class BadFaceWarp(ImageRefused):
    """An image sent as a face sample does not have the size of one."""

    detail = "Face warp must be 250 x 250 pixels, this image is {} x {}"


class BadBodyWarp(ImageRefused):
    """An image sent as a body sample does not have the size of one."""

    detail = "Body warp must be 128 x 256 pixels, this image is {} x {}"


class NoFaces(ImageRefused):
    """No face was found where one is needed."""

    detail = "No faces found in image '{}'"


class MultipleFaces(ImageRefused):
    """Several faces were found where only one is allowed (error 11038)."""

    detail = "Multiple faces found in image {} detect {}"


class TooManyImages(Refusal):
    """The request holds more images than one request may."""

    detail = "Request has {} images, the limit is {}"


class NoModelForRole(Refusal):
    """The model pack in use has no model for what was asked."""

    detail = "Model pack '{}' has no model for '{}'"


class EstimationImpossible(Refusal):
    """The estimation needs the whole image and cannot be made from a warp."""

    detail = "'{}' cannot be estimated from a warp"


class NothingToAggregate(Refusal):
    """Several results were to be merged into one, and there is none."""

    detail = "Nothing to aggregate: {}"


class ModelsBusy(Refusal):
    """The networks have as much work as they may queue; the client may try again later."""

    detail = "The models are busy, try again in {} s"

    @property
    def retry_after_s(self) -> int:
        """Seconds to wait before the next try."""
        return int(self.args[0])


class BadModelPack(Refusal):
    """A model pack's description or its files are not what they should be."""

    detail = "Model pack '{}': {}"


class ModelPackNotFound(Refusal):
    """No model pack of this name is installed or can be fetched."""

    detail = "Model pack '{}' is unknown; known: {}"


class ModelPackExists(Refusal):
    """A model pack of this name is installed already, with other content."""

    detail = "Model pack '{}' is installed already as version {}"
