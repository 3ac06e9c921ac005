"""A model pack in memory: its models, each made when first asked for."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.shared.image_refusals import BadModelPack
from inference.architectures import builder
from inference.onnx_session import GpuNotUsable, OnnxSession, SessionOptions
from inference.packs.pack import ModelPack, sha256_of
from inference.session import Session


class LoadedPack:
    """The models of a pack; one per role and one session per file, for all threads."""

    def __init__(self, pack: ModelPack, options: SessionOptions | None = None) -> None:
        self.pack = pack
        self._options = options or SessionOptions()
        self._models: dict[str, Any] = {}
        self._sessions: dict[str, Session] = {}
        self._lock = threading.RLock()

    def model(self, role: str) -> Any:
        """The model that fills a role; a role the pack does not fill is refused."""
        made = self._models.get(role)
        if made is None:
            with self._lock:
                if role not in self._models:
                    files = _RoleFiles(self, role)
                    self._models[role] = builder(self.pack, role)(self.pack.role(role), files)
                made = self._models[role]
        return made

    def load_all(self) -> None:
        """Make every model now, so that no request waits for one."""
        for role in self.pack.roles:
            self.model(role)

    def providers(self) -> Mapping[str, str]:
        """What the models made so far run on, by role; formulas run on the processor."""
        with self._lock:
            return {
                role: next(
                    (
                        self._sessions[file.sha256].provider
                        for file in self.pack.role(role).files.values()
                        if file.sha256 in self._sessions
                    ),
                    "CPU",
                )
                for role in self._models
            }

    def checked(self, role: str, name: str) -> Path:
        """The path of a file whose content is what the manifest declares."""
        path = self.pack.path(role, name)
        declared = self.pack.role(role).files[name].sha256
        if not path.is_file():
            raise BadModelPack(self.pack.name, f"{role}: {path.name} is missing")
        if sha256_of(path) != declared:
            raise BadModelPack(self.pack.name, f"{role}: {path.name} has another sha256")
        return path

    def session(self, role: str, name: str) -> Session:
        """The network of a file, loaded once however many roles share it."""
        with self._lock:
            key = self.pack.role(role).files[name].sha256
            if key not in self._sessions:
                self._sessions[key] = self._open(role, name)
            return self._sessions[key]

    def _open(self, role: str, name: str) -> Session:
        path = self.checked(role, name)
        try:
            return OnnxSession(path, self._options)
        except GpuNotUsable:
            raise
        except Exception as problem:  # the runtime raises types of its own
            reason = str(problem).splitlines()[0]
            raise BadModelPack(self.pack.name, f"{role}: {path.name}: {reason}") from problem


class _RoleFiles:
    """The files of one role of a loaded pack."""

    def __init__(self, loaded: LoadedPack, role: str) -> None:
        self._loaded, self._role = loaded, role

    def session(self, name: str = "") -> Session:
        self._require(name)
        return self._loaded.session(self._role, name)

    def path(self, name: str = "") -> Path:
        self._require(name)
        return self._loaded.checked(self._role, name)

    def _require(self, name: str) -> None:
        if name not in self._loaded.pack.role(self._role).files:
            what = f"a file '{name}'" if name else "a file"
            raise BadModelPack(self._loaded.pack.name, f"roles.{self._role} needs {what}")
