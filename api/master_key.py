"""The key that wraps subjects' keys: a file beside the data, never in the database."""

import os
from pathlib import Path

from api.cannot_start import CannotStart
from api.settings import Settings
from domain.log.sealing import KEY_BYTES, MasterKey, new_key


def load_master_key(settings: Settings) -> MasterKey:
    """The installation's key; made on the first start, readable by its owner alone.

    Whoever loses the file loses every personal field in the log, so it belongs in a backup of
    its own, apart from the database's.
    """
    path = settings.master_key_file or settings.data_dir / "master.key"
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = _make(path)
    except OSError as error:
        raise CannotStart(f"the master key cannot be read: {error}") from None
    if len(key) != KEY_BYTES:
        raise CannotStart(f"{path} is no master key: {len(key)} bytes, not {KEY_BYTES}")
    return MasterKey(key)


def _make(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    key = new_key()
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)  # unlike a rename, this loses to another process that was faster
    except FileExistsError:
        return path.read_bytes()
    finally:
        partial.unlink()
    return key
