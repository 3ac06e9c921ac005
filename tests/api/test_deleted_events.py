"""Deleting one event from many sides at once."""

from concurrent.futures import ThreadPoolExecutor

import httpx

AT_ONCE = 8


def test_of_many_who_delete_one_event_one_did(client: httpx.Client) -> None:
    handler = client.post("/6/handlers", json={"is_dynamic": True}).json()["handler_id"]
    made = client.post(f"/6/handlers/{handler}/events/raw", json={}).json()["event_id"]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda _: client.delete(f"/6/events/{made}"), range(AT_ONCE))
        told = [answer.status_code for answer in answers]

    assert sorted(told) == [204, *[404] * (AT_ONCE - 1)]
    (deleted,) = client.get("/6/events/deleted").json()["events"]
    assert deleted["event_id"] == made


def test_the_same_deletion_again_is_answered_as_the_first_was(client: httpx.Client) -> None:
    handler = client.post("/6/handlers", json={"is_dynamic": True}).json()["handler_id"]
    made = client.post(f"/6/handlers/{handler}/events/raw", json={}).json()["event_id"]
    key = {"Idempotency-Key": made}
    for _ in range(2):
        assert client.delete(f"/6/events/{made}", headers=key).status_code == 204
    assert client.delete(f"/6/events/{made}").status_code == 404
