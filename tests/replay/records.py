"""The recorded exchanges: where they are read from, and in which order they were made.

They lie in the folder named by `CVAT_RECORDS`, by default beside the repository; without one, the samples that
were carried over into this package stand for them.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FOLDER = Path(os.environ.get("CVAT_RECORDS") or ROOT.parent / "shared/cvat/records")
SAMPLES = HERE / "samples"
GENERATIONS = ("2.20", "2.42")

# Recorded within the same second: what came first, where it matters.
SEQUENCES = """
auth_login_ok
job_create_gt_missing_type job_create_gt_no_method job_create_gt_manual_ok job_create_gt_manual_ok_meta
job_create_gt_second_after_ok job_destroy_gt_401 job_destroy_gt_403 job_destroy_gt job_destroy_gt_again
job_create_gt_random_ok job_destroy_gt2 job_create_gt_random_ok_video job_destroy_gt3
job_patch_assignee job_patch_assignee_null job_patch_assignee_numeric_string job_patch_assignee_outsider
job_patch_stage job_patch_stage_resets_state job_patch_stage_only_after_completed job_patch_stage_and_state
job_patch_state job_patch_state_rejected job_patch_empty_object job_patch_all_three job_patch_no_body
job_patch_worker_own_state job_patch_worker_own_assignee job_patch_worker_own_unassign job_patch_worker_own_stage
ann_get_empty ann_put_replace ann_get_after_put ann_put_with_ids ann_put_minimal ann_put_version_7
ann_patch_create ann_patch_update ann_patch_update_again_stale_id ann_get_before_delete ann_patch_delete
ann_patch_delete_again ann_patch_delete_unknown_id
ann_err_ann_out_of_image ann_get_state ann_delete ann_delete_again ann_get_after_delete
data_meta_patch_delete_frame data_meta_patch_restore
session_login session_get_jobs session_patch_no_csrf session_patch_bad_csrf session_patch_csrf
session_patch_csrf_foreign_origin session_patch_csrf_own_origin session_cookie_plus_bad_token
session_cookie_plus_token session_relogin_with_cookie_no_csrf session_logout_no_csrf session_logout_csrf
session_get_after_logout token_logout token_after_logout
legacy_dataset_download_first legacy_dataset_accept_any legacy_dataset_poll_1_202 legacy_dataset_poll_2_201
legacy_dataset_ready_again_201 legacy_dataset_head_when_ready legacy_dataset_download_by_other_user
legacy_dataset_download legacy_dataset_download_second_time
legacy_dataset_range_prep_1_202 legacy_dataset_range_prep_2_201 legacy_dataset_download_range
legacy_dataset_download_after_range
legacy_dataset_filename_prep_1_202 legacy_dataset_filename_prep_2_201 legacy_dataset_download_filename
legacy_annotations_poll_1_202 legacy_annotations_poll_2_201 legacy_annotations_wrong_accept
legacy_annotations_download
legacy_stale_prep_1_202 legacy_stale_prep_2_201 legacy_stale_touch legacy_stale_after_touch_poll
legacy_stale_after_touch_download legacy_stale_after_touch_poll2
export_start export_repeat_409_queued export_by_other_user_same_job export_other_format_while_queued
request_get_queued request_list request_cancel_403 request_cancel_queued request_cancel_again request_get_after_cancel
request_poll_export_1_200_queued request_poll_export_2_200_started request_poll_export_2_200_finished
request_poll_export_3_200_finished request_cancel_finished request_finished_list
result_url_401 result_url_403 result_url_download result_url_download_again request_get_after_download
result_url_if_none_match result_url_range result_url_accept_json touch_job_after_export result_url_after_job_changed
export_repeat_when_finished export_start2 request_poll_export2_1_200_started request_poll_export2_2_200_finished
result_url_other_user_alice export_host_forwarded request_poll_forwarded_1_200_started
request_poll_forwarded_2_200_finished request_get_forwarded_result_url request_poll_export3_1_200_started
request_poll_export3_2_200_finished request_get_plain_result_url export_coco export_coco_poll_1_200_started
export_coco_poll_2_200_finished export_coco_get export_coco_download
import_prep_annotations import_start import_put_start import_put_poll_without_format import_request_queued
import_repeat_409 import_repeat_409_other_user import_put_repeat_while_queued import_put_repeat_by_other_user
import_put_poll_410 import_request_other_user import_cancel import_request_after_cancel import_start2 import_put_start2
import_request_poll_1_200_queued import_request_poll_2_200_started import_request_poll_3_200_finished
import_request_finished_again import_list_requests import_annotations_after import_start_when_finished
x_gt_frame_share x_gt_frame_share_delete x_gt_frame_share_bad x_gt_share_and_count x_gt_random_per_job
x_gt_random_per_job_meta x_gt_random_per_job_delete x_gt_method_manual_with_count x_gt_random_seed_param
x_gt_random_seed_delete x_gt_with_stage_state x_gt_with_stage_state_delete
throttle_429_anon throttle_429_login throttle_anon_other_xff throttle_authenticated_unaffected
tus_options tus_start tus_create tus_head tus_patch_wrong_offset tus_patch_wrong_ctype tus_patch1 tus_head2 tus_patch2
tus_head_after_complete tus_finish_wrong_name tus_finish_no_filename tus_finish_original_name tus_finish_other_user
tus_finish tus_finish_again tus_request_1_200_started tus_request_2_200_finished tus_create_no_origin
""".split()
PLACE = {name: number for number, name in enumerate(SEQUENCES)}

# Whole scenarios follow one another; the steps of one are told by the ends of their names.
SCENARIOS = """
corrupt_xml corrupt_zip not_a_zip bad_json unknown_label unknown_image bad_attribute empty_annotations
wrong_format ok_zip coco_ok
""".split()
STEPS = [
    "_start",
    "_request_1",
    "_request_2",
    "_request_3",
    "_put",
    "_put_again",
    "_request_after_put",
    "_request_again",
]


@dataclass
class Exchange:
    """One request and what the real server answered."""

    name: str
    recorded_at: str
    as_user: str | None
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: dict[str, Any] | None
    status: int
    answer_headers: dict[str, str]
    answer: dict[str, Any] = field(repr=False)

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Exchange:
        asked, answered = raw["request"], raw["response"]
        headers: dict[str, str] = {}
        for name, value in answered["headers"]:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return cls(
            raw["name"], raw["recorded_at"], raw.get("as_user"), asked["method"], asked["path"], asked["query"] or "",
            asked["headers"], asked["body"], answered["status"], headers, answered["body"] or {"kind": "empty"},
        )  # fmt: skip

    @property
    def json(self) -> Any:
        """The JSON of the answer, or None where it was something else."""
        return self.answer.get("json")

    @property
    def is_json(self) -> bool:
        return "json" in self.answer


def _order(raw: dict[str, Any]) -> tuple[str, int, int, str]:
    name = raw["name"]
    for number, scenario in enumerate(SCENARIOS):
        found = re.fullmatch(rf"import_{scenario}(_.+?)(_\d\d\d_\w+)?", name)
        if found:
            step = STEPS.index(found[1]) if found[1] in STEPS else len(STEPS)
            return raw["recorded_at"], 10_000 + number, step, name
    return raw["recorded_at"], *_place(name), name


def _place(name: str) -> tuple[int, int]:
    """Polls of formats come after what asked for them."""
    poll = re.fullmatch(r"export_fmt_poll_(.+)_\d_\d\d\d_\w+", name)
    if poll:
        return 20_000 + sum(map(ord, poll[1])), 1
    if name.startswith("export_fmt_"):
        return 20_000 + sum(map(ord, name.removeprefix("export_fmt_"))), 0
    return PLACE.get(name, 5_000), 0


def sources(generation: str) -> list[dict[str, Any]]:
    """Everything recorded of one generation, in order, as it was written down."""
    folder = FOLDER / f"cvat-{generation}"
    if folder.is_dir():
        found = [json.loads(path.read_text()) for path in folder.glob("[!_]*.json")]
    else:
        found = json.loads((SAMPLES / f"cvat-{generation}.json").read_text())
    return sorted(found, key=_order)


def exchanges(generation: str) -> list[Exchange]:
    return [Exchange.read(raw) for raw in sources(generation)]
