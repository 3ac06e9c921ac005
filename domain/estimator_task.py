"""What estimator tasks are asked to do: many images of one source through a handler."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, field_validator

from domain.policies.policies import Policies
from domain.shared.fields import Absent, Flag, Id, Integer, Record, Text, UserData
from domain.shared.refusal import Refusal


class SourceRefused(Refusal):
    """The source of an estimator task cannot be used, or not be used from here."""

    detail = "Source of images is refused: {}"


class NoImagesInSource(Refusal):
    """The source of an estimator task has no images."""

    detail = "The source has no images"


class ImageOfSourceRefused(Refusal):
    """An image of the source could not be read, or no events be made of it."""

    detail = "Image '{}': {}"


NonEmpty = Annotated[Text, Field(min_length=1, max_length=2048)]
ImageTypeId = Annotated[Literal[0, 1, 2], Integer]
_NOT_SERVED: Final = ("ftp", "samba")
HIDDEN: Final = "**********"
"""What stands for a secret where a task is shown."""


class ZipPassword(Record):
    """The password of an archive; digits may come as a number."""

    password: Annotated[str, Field(strict=True, max_length=1024)] | Annotated[
        int, Field(strict=True, ge=0)
    ]


class ZipSource(Record):
    """A ZIP archive: a URL, or `/6/objects/{object_id}`."""

    source_type: Literal["zip"]
    reference: NonEmpty
    authorization: Absent[ZipPassword] = None
    image_type: ImageTypeId = 0


class S3Keys(Record):
    """Access to a bucket; requests are signed by version 4 of the protocol."""

    public_key: NonEmpty
    secret_key: NonEmpty
    signature_version: Literal["s3v2", "s3v4"] = "s3v4"

    @field_validator("signature_version")
    @classmethod
    def _version_4(cls, given: str) -> str:
        if given != "s3v4":
            raise ValueError("only s3v4 is served")
        return given


class _Folder(Record):
    prefix: Annotated[Text, Field(max_length=1024)] = ""
    recursive: Flag = 1
    image_type: ImageTypeId = 0


class S3Source(_Folder):
    """The objects of a bucket in an S3-like store, those with the prefix.

    `save_origin` makes the address of the object the image origin of its events.
    """

    source_type: Literal["s3"]
    bucket: Annotated[Text, Field(pattern=r"^[a-zA-Z0-9._:/\-]{3,2048}$")]
    endpoint: Absent[NonEmpty] = None
    region: Annotated[Text, Field(pattern=r"^[a-zA-Z0-9\-]{1,64}$")] = "us-east-1"
    save_origin: Flag = 0
    authorization: Absent[S3Keys] = None

    @field_validator("bucket")
    @classmethod
    def _no_arn(cls, given: str) -> str:
        if ":" in given or "/" in given:
            raise ValueError("a bucket is given by its name; access points are not served")
        return given


class DiskSource(_Folder):
    """The files of a directory that is mounted here and that the operator released."""

    source_type: Literal["network_disk"]
    path: NonEmpty


class KnownHandler(Record):
    """A static handler of the account."""

    handler_id: Id


class InlineHandler(Record):
    """Policies of this task alone."""

    description: UserData = ""
    policies: Policies


Source = ZipSource | S3Source | DiskSource
_SOURCES: Final[dict[str, type[Source]]] = {
    "zip": ZipSource,
    "s3": S3Source,
    "network_disk": DiskSource,
}


class _AnySource(BaseModel):
    source_type: Literal["zip", "s3", "network_disk"]

    @field_validator("source_type", mode="before")
    @classmethod
    def _served(cls, given: Any) -> Any:
        if given in _NOT_SERVED:
            raise ValueError(f"{given} is not served")
        return given


class EstimatorContent(Record):
    """Every image of the source becomes events, as if it were sent to the handler."""

    handler: KnownHandler | InlineHandler
    source: Source

    @field_validator("handler", mode="before")
    @classmethod
    def _one_of_both(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if ("handler_id" in given) == ("policies" in given):
            raise ValueError("one of handler_id and policies is given")
        return (KnownHandler if "handler_id" in given else InlineHandler).model_validate(given)

    @field_validator("source", mode="before")
    @classmethod
    def _of_its_type(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return _SOURCES[_AnySource.model_validate(given).source_type].model_validate(given)


def without_secrets(content: dict[str, Any]) -> dict[str, Any]:
    """The content of any task as it may be shown: passwords and secret keys are hidden."""
    source = content.get("source")
    secrets = source.get("authorization") if isinstance(source, dict) else None
    if not isinstance(source, dict) or not isinstance(secrets, dict):
        return content
    hidden = {
        name: HIDDEN if name in ("password", "secret_key") else value
        for name, value in secrets.items()
    }
    return {**content, "source": {**source, "authorization": hidden}}
