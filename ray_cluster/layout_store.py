"""Where the processes of a cluster agree on the layout of an index: the head's own store."""

import json
from typing import Any, Final

from ray.experimental import internal_kv

from ray_cluster.layout import Layout

_SPACE: Final = "selene"
_KEPT: Final = 4
"""Epochs that are kept; who is further behind reads the newest."""


class LayoutStore:
    """Each epoch's layout is whatever was written first, and never changes.

    It lives as long as the head of the cluster does, as the shards do.
    """

    def __init__(self, name: str) -> None:
        self._prefix = f"layout:{name}:"
        self._wanted = f"shards:{name}"

    def newest(self) -> Layout | None:
        """The layout of the last epoch; None before the first."""
        kv: Any = internal_kv
        epochs = [int(key.rpartition(b":")[2]) for key in self._keys()]
        if not epochs:
            return None
        text = kv._internal_kv_get(self._key(max(epochs)), namespace=_SPACE)
        return self.newest() if text is None else _read(text)

    def publish(self, layout: Layout) -> Layout:
        """The layout of that epoch: this one, unless somebody else was first."""
        return self.published(layout)[0]

    def published(self, layout: Layout) -> tuple[Layout, bool]:
        """The layout of that epoch, and whether it is this one because nobody was first."""
        kv: Any = internal_kv
        key = self._key(layout.epoch)
        late = kv._internal_kv_put(key, _written(layout), overwrite=False, namespace=_SPACE)
        for old in self._keys():
            if int(old.rpartition(b":")[2]) <= layout.epoch - _KEPT:
                kv._internal_kv_del(old, namespace=_SPACE)
        text = kv._internal_kv_get(key, namespace=_SPACE)
        return (layout if text is None else _read(text)), not late

    @property
    def wanted(self) -> int | None:
        """How many shards there should be, as the process that began last said; 0: as machines."""
        kv: Any = internal_kv
        text = kv._internal_kv_get(self._wanted, namespace=_SPACE)
        return None if text is None else int(text)

    @wanted.setter
    def wanted(self, shards: int) -> None:
        kv: Any = internal_kv
        kv._internal_kv_put(self._wanted, str(shards), overwrite=True, namespace=_SPACE)

    def forget(self) -> None:
        """Remove all of it."""
        kv: Any = internal_kv
        kv._internal_kv_del(self._prefix, del_by_prefix=True, namespace=_SPACE)
        kv._internal_kv_del(self._wanted, namespace=_SPACE)

    def _keys(self) -> list[bytes]:
        kv: Any = internal_kv
        found: list[bytes] = kv._internal_kv_list(self._prefix, namespace=_SPACE)
        return found

    def _key(self, epoch: int) -> str:
        return f"{self._prefix}{epoch}"


def _written(layout: Layout) -> bytes:
    epoch, places, also, arriving = layout
    return json.dumps([epoch, places.hex(), also, arriving]).encode()


def _read(text: bytes) -> Layout:
    epoch, places, also, arriving = json.loads(text)
    moves = tuple((virtual, shard) for virtual, shard in also)
    return Layout(epoch, bytes.fromhex(places), moves, arriving)
