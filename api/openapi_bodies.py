"""Examples for the OpenAPI document where names of fields do not tell enough, by schema."""

from collections.abc import Mapping
from typing import Any, Final

ID: Final = "3f0c4a52-6a0e-4d4c-9a55-0c8f1b7d2e10"
_OTHER_ID: Final = "b51d7c3e-20f4-4c1f-8f0b-6f2d9a7e4c88"
_BEGIN, _END = "2026-03-01T09:30:00Z", "2026-03-01T09:30:04Z"
_STAFF: Final = {"origin": "faces", "list_id": ID}
_OLD: Final = {"target": "events", "filters": {"create_time__lt": "now-1y"}}
_POLICIES: Final = {
    "detect_policy": {"multiface_policy": 1, "estimate_mask": 1},
    "extract_policy": {"extract_basic_attributes": 1},
    "match_policy": [{"label": "staff", "candidates": _STAFF, "limit": 3, "threshold": 0.8}],
    "storage_policy": {
        "face_policy": {
            "store_face": 1,
            "filters": {"match": [{"label": "staff", "similarity__gte": 0.8}]},
            "link_to_lists_policy": [{"list_id": _OTHER_ID}],
        },
        "event_policy": {"store_event": 1},
    },
}
_VERIFIER: Final = {
    "detect_policy": {"estimate_liveness": {"estimate": 1}},
    "verification_threshold": 0.9,
}
_COUNTS: Final = {
    "targets": [
        {"column": "event_id", "aggregator": "count"},
        {"column": "source", "aggregator": "group_by"},
    ],
    "filters": [{"column": "create_time", "operator": "gte", "value": _BEGIN}],
}

BY_SCHEMA: Final[Mapping[str, Any]] = {
    "Authorization": {"account_id": ID},
    "ClusteringContent": {
        "objects_type": "events",
        "filters": {"create_time__gte": "now-1d", "sources": ["gate"]},
        "threshold": 0.9,
    },
    "CrossMatchContent": {
        "filters": {
            "reference_type": "events",
            "reference_filters": {"create_time__gte": "now-1d"},
            "candidate_type": "faces",
            "candidate_filters": {"list_id": ID},
        },
        "limit": 3,
        "threshold": 0.8,
    },
    "EventStatsQuery": _COUNTS,
    "ExporterContent": {
        "objects_type": "faces",
        "filters": {"list_id": ID},
        "columns": ["face_id", "user_data"],
        "save_images": 1,
    },
    "GcContent": _OLD,
    "GeneralEvents": {
        "events": [
            {
                "event_type": "crowd",
                "event": {"people": 12, "source": "gate"},
                "event_create_time": _BEGIN,
                "event_end_time": _END,
            }
        ]
    },
    "GeneralEventStatsQuery": {
        "targets": [
            {"column": "event_type", "aggregator": "group_by"},
            {"column": "event.people:integer", "aggregator": "max"},
        ]
    },
    "HandlerCreate": {"description": "main entrance", "policies": _POLICIES},
    "LinkerContent": {"objects_type": "faces", "create_list": 1, "user_data": "visitors"},
    "MatchBodiesRequest": {
        "references": [{"type": "event", "id": ID}],
        "candidates": [{"filters": {"origin": "events", "create_time__gte": "now-1d"}}],
    },
    "MatchFacesRequest": {
        "references": [{"type": "face", "id": ID}],
        "candidates": [
            {"filters": _STAFF, "limit": 3, "threshold": 0.8, "targets": ["face_id", "similarity"]}
        ],
    },
    "MatchGeneralEventsRequest": {
        "descriptor_type": "face",
        "references": [{"type": "general_event", "id": ID}],
        "candidates": [{"filters": {"origin": "general_events", "event_type": ["crowd"]}}],
    },
    "Policies": _POLICIES,
    "PublishGeneralEvent": {
        "event_type": "crowd",
        "event": {"people": 12},
        "event_create_time": _BEGIN,
        "event_end_time": _END,
    },
    "RawEvent": {
        "source": "gate",
        "external_id": "A-1",
        "tags": ["visitor"],
        "location": {"city": "Town", "street": "Quay"},
        "create_time": _BEGIN,
        "end_time": _END,
    },
    "RocContent": {"markup": [{"face_id": ID, "label": 1}, {"face_id": _OTHER_ID, "label": 1}]},
    "Schedule": {"schedule_id": ID},
    "ScheduleWanted": {
        "task": {"task_type": 4, "content": _OLD},
        "trigger": {"cron": "0 3 * * *"},
    },
    "TaskNotificationPolicy": {
        "enable": 1,
        "task_callbacks": [{"type": "http", "url": "https://selene.example/tasks", "enable": 1}],
    },
    "TokenCreate": {
        "description": "main entrance",
        "permissions": {"face": ["creation", "view"], "emit_events": {"allowed": 1}},
    },
    "VerifierCreate": {"description": "front door", "policies": _VERIFIER},
}
"""What parts of these names are like."""
