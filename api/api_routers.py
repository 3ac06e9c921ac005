"""The routes of the API, on one screen."""

from collections.abc import Sequence

from fastapi import APIRouter

from api.routes import (
    accounts,
    attributes,
    detector,
    event_statistics,
    events,
    extractor,
    face_attributes,
    faces,
    features,
    handler_events,
    handlers,
    images,
    iso,
    lists,
    liveness,
    matcher,
    objects,
    samples,
    schedules,
    sdk,
    sender,
    task_creation,
    tasks,
    tokens,
    verifications,
    verifiers,
)

API_ROUTERS: Sequence[APIRouter] = (
    accounts.router,
    tokens.router,
    samples.router,
    images.router,
    objects.router,
    attributes.router,
    faces.router,
    face_attributes.router,
    lists.router,
    handlers.router,
    handler_events.router,
    verifiers.router,
    verifications.router,
    matcher.router,
    events.router,
    event_statistics.router,
    task_creation.router,
    schedules.router,
    tasks.router,
    sender.router,
    sdk.router,
    iso.router,
    liveness.router,
    detector.router,
    extractor.router,
    features.router,
)
"""What the API serves below /6."""
