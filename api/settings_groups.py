"""Settings that belong together: what the fields of `Settings` hold."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1)]
AbsolutePath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]


class Group(BaseModel):
    """Settings that belong together; in variables the names are joined by two underscores."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Ports(Group):
    """Where the four services listen."""

    api: Port = 5000
    streams: Port = 5160
    sender: Port = 5080
    tracking: Port = 5240

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        values = list(self.model_dump().values())
        if len(set(values)) < len(values):
            raise ValueError("the four ports must be different")
        return self


class AgentSettings(Group):
    """How this process works on streams; times in seconds."""

    streams: Annotated[int, Field(ge=1, le=256)] = 2
    """How many streams are processed at once, each in a process of its own."""

    roots: tuple[AbsolutePath, ...] = ()
    """Where files and folders of streams may lie (default: videos under data_dir)."""

    devices: bool = False
    """Whether streams may name capture devices of this machine."""

    looks_per_s: Annotated[float, Field(gt=0, le=1000)] = 5.0
    """How many frames of a second of video are looked at."""

    min_sightings: Annotated[int, Field(ge=1)] = 2
    """How often a person must have been seen to be sent; once, in folders of images."""

    full_frames: bool = True
    """Whether streams whose frame mode is `auto` are looked at in full size, or scaled down."""

    memory_bytes: Annotated[int | None, Field(ge=1 << 30)] = 8 << 30
    """How much address space one stream's process may take."""

    silence_s: Annotated[float, Field(gt=0)] = 60.0
    """After how long without a word a stream's process is ended."""

    feedback_s: Annotated[float, Field(gt=0)] = 5.0
    poll_s: Annotated[float, Field(gt=0)] = 1.0
    service: str | None = None
    """The address of the streams service, if it is not this process's own."""

    api: str | None = None
    """The address of the API, if it is not this process's own."""

    token: SecretStr | None = None
    """A token for the streams service, where that demands credentials."""


class Limits(Group):
    """What one request may ask for; all are checked before the work is done."""

    body_bytes: Count = 64 << 20
    image_bytes: Count = 32 << 20
    image_pixels: Count = 64_000_000
    images_per_request: Count = 100
    url_length: Count = 2048
    download_seconds: Annotated[float, Field(gt=0)] = 30.0
    video_bytes: Count = 1 << 30
    videos_at_once: Count = 2
    """Films that are looked at while their clients wait; more are refused for a while."""

    video_seconds: Annotated[float, Field(gt=0)] = 120.0
    deferred_video_seconds: Annotated[float, Field(gt=0)] = 3600.0
    """How long one may take, from its first byte on: while a client waits, and as a task."""


class Networks(Group):
    """How requests share the networks of this process."""

    threads: Count | None = None
    """How many calls run at a time (default: one per core)."""

    waiting: Count = 256
    """Images that may wait; more are refused with the time when to come back."""

    gather_ms: Annotated[float | None, Field(ge=0, le=1000)] = None
    """How long images wait for others to share a call while networks are busy (default: 3 on a
    GPU; 0 on a processor, where nothing is gained by it)."""


class Index(Group):
    """The match index: how often it is saved, how much it may take, and its parts on a cluster."""

    snapshot_seconds: Annotated[int, Field(ge=0)] = 300
    memory_share: Annotated[float, Field(gt=0, le=1)] = 0.7
    memory_bytes: Count | None = None
    waiting_searches: Count = 1024
    approximate_from: Count | None = None
    shards: Annotated[int, Field(ge=0, le=256)] = 1
    """Into how many parts; 0: as many as the cluster has machines."""

    replicas: Annotated[int, Field(ge=1, le=16)] = 1


class Ray(Group):
    """This process in the Ray cluster of ray_address; `cpus` and `object_bytes` are for `local`."""

    token_file: AbsolutePath | None = None
    """The secret that the members of the cluster share."""

    join: bool = False
    """Whether to bring a node without processors, where this machine has none."""

    model_workers: Count = 2
    most_model_workers: Count = 4
    """How many workers the models have at least, and at most when images wait."""

    gpu: bool = False
    """A GPU for each worker; one that has none does not work."""

    cpus: Count | None = None
    object_bytes: Annotated[int | None, Field(ge=80 << 20)] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.most_model_workers < self.model_workers:
            raise ValueError("most_model_workers must be at least model_workers")
        return self


class S3(Group):
    """Access to the bucket named by `blobs`; what is not given comes from AWS_* variables."""

    endpoint: str | None = None
    region: str | None = None
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
