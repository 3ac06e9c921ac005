"""What tasks come to: errors, refusals, archives with tables."""

import csv
import io
import zipfile
from typing import Any

import httpx

from tests.api.tasks import FAILED, ended, give


def errors_of(client: httpx.Client, task_id: int) -> list[dict[str, Any]]:
    """What went wrong with a task."""
    answer = client.get(f"/6/tasks/{task_id}/errors", params={"page_size": 100})
    assert answer.status_code == 200, answer.text
    errors: list[dict[str, Any]] = answer.json()["errors"]
    return errors


def failed(client: httpx.Client, kind: str, content: dict[str, Any]) -> list[tuple[int, str]]:
    """Codes and details of the errors of a task that fails, and so has no result."""
    task_id = give(client, kind, content)
    assert ended(client, task_id)["task_status"] == FAILED
    assert client.get(f"/6/tasks/{task_id}/result").status_code == 404
    return [(error["error_code"], error["detail"]) for error in errors_of(client, task_id)]


def refused_content(client: httpx.Client, kind: str, content: Any) -> tuple[int, str]:
    """Code and detail of the answer to a task that cannot be given."""
    answer = client.post(f"/6/tasks/{kind}", json={"content": content})
    assert answer.status_code == 400, answer.text
    body = answer.json()
    return body["error_code"], body["detail"]


def archive_of(client: httpx.Client, task_id: int) -> zipfile.ZipFile:
    """The archive that is the result of a task."""
    answer = client.get(f"/6/tasks/{task_id}/result")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert f"task_{task_id}.zip" in answer.headers["content-disposition"]
    return zipfile.ZipFile(io.BytesIO(answer.content))


def table_of(archive: zipfile.ZipFile, name: str, delimiter: str = ",") -> list[list[str]]:
    """The rows of a table in an archive, the header first."""
    text = archive.read(name).decode()
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
