"""`POST /api/jobs` and the validation layout: ground truth jobs, as each generation takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from jobsportal.sandbox import Sandbox

from .conftest import Caller

People = Callable[[str | None], Caller]
TASK = 5  # a video of 300 frames in six jobs, without ground truth
BASE = {"type": "ground_truth", "task_id": TASK}
UNIFORM = BASE | {"frame_selection_method": "random_uniform"}
PER_JOB = BASE | {"frame_selection_method": "random_per_job"}
MANUAL = BASE | {"frame_selection_method": "manual"}


@pytest.fixture
def older() -> Iterator[Caller]:
    """The administrator of a server of the older generation."""
    with Sandbox(version="2.20") as sandbox:
        yield Caller(sandbox, "admin")


def frames(caller: Caller, job_id: int) -> list[int]:
    return list(caller.get(f"jobs/{job_id}/data/meta").json()["included_frames"])


def test_frames_that_were_chosen(admin: Caller) -> None:
    asked = MANUAL | {"frames": [40, 7], "assignee": 3, "stage": "validation", "state": "in progress"}
    answer = admin.post("jobs", json=asked)
    job = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == job["url"]
    assert (job["type"], job["stage"], job["state"], job["frame_count"]) == (
        "ground_truth", "validation", "in progress", 2,
    )  # fmt: skip
    assert (job["start_frame"], job["stop_frame"], job["assignee"]["username"]) == (0, 299, "bob")
    assert job["assignee_updated_date"]
    assert frames(admin, job["id"]) == [7, 40]
    assert admin.get(f"jobs/{job['id']}").json() == job
    assert admin.get(f"jobs/{job['id']}/annotations").json()["shapes"] == []


@pytest.mark.parametrize(
    ("amount", "count"), [({"frame_count": 12}, 12), ({"frame_share": 0.1}, 30), ({"frame_share": 1.0}, 300)]
)
def test_frames_drawn_from_the_whole_task(admin: Caller, amount: dict[str, float], count: int) -> None:
    job = admin.post("jobs", json=UNIFORM | amount | {"random_seed": 5}).json()
    drawn = frames(admin, job["id"])
    assert job["frame_count"] == len(drawn) == count
    assert drawn == sorted(set(drawn))


@pytest.mark.parametrize(("amount", "each"), [({"frames_per_job_count": 2}, 2), ({"frames_per_job_share": 0.1}, 5)])
def test_frames_drawn_from_every_job(admin: Caller, amount: dict[str, float], each: int) -> None:
    job = admin.post("jobs", json=PER_JOB | amount).json()
    drawn = frames(admin, job["id"])
    assert [sum(frame // 50 == part for frame in drawn) for part in range(6)] == [each] * 6


def test_a_seed_draws_the_same_again(admin: Caller) -> None:
    drawn = []
    for seed in (5, 5, 6):
        job = admin.post("jobs", json=UNIFORM | {"frame_count": 9, "random_seed": seed}).json()
        drawn.append(frames(admin, job["id"]))
        assert admin.delete(f"jobs/{job['id']}").status_code == 204
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        ({}, ["task_id is not specified"]),
        ({"type": "ground_truth", "task_id": 99999}, ["Task matching query does not exist."]),
        ({"task_id": TASK}, {"type": ["This field is required."]}),
        ({"task_id": TASK, "type": "bogus"}, {"type": ['"bogus" is not a valid choice.']}),
        ({"task_id": TASK, "type": "annotation"}, ["Unexpected job type 'annotation'"]),
        (BASE | {"frame_selection_method": "x"}, {"frame_selection_method": ['"x" is not a valid choice.']}),
        (MANUAL, {"non_field_errors": ['The "frames" field is required']}),
        (MANUAL | {"frames": []}, {"frames": ["This list may not be empty."]}),
        (MANUAL | {"frames": 5}, {"frames": ['Expected a list of items but got type "int".']}),
        (MANUAL | {"frames": [1, "a"]}, {"frames": {"1": ["A valid integer is required."]}}),
        (MANUAL | {"frames": [1, 1]}, ["Frames must not repeat"]),
        (MANUAL | {"frames": [1, 999]}, ["The following frames do not exist in the task: 999"]),
        (UNIFORM, {"non_field_errors": ['One of the fields "frame_count", "frame_share" required']}),
        (
            UNIFORM | {"frame_count": 3, "frame_share": 0.5},
            {"non_field_errors": ['Only 1 of the fields "frame_count", "frame_share" can be used']},
        ),
        (UNIFORM | {"frame_count": 0}, {"frame_count": ["Ensure this value is greater than or equal to 1."]}),
        (UNIFORM | {"frame_share": 2}, {"frame_share": ["Value must be in the range [0; 1]"]}),
        (
            UNIFORM | {"frame_count": "many", "stage": "x"},
            {"stage": ['"x" is not a valid choice.'], "frame_count": ["A valid integer is required."]},
        ),
        (
            PER_JOB,
            {"non_field_errors": ['One of the fields "frames_per_job_count", "frames_per_job_share" required']},
        ),
        (
            MANUAL | {"frames": [1], "task_id": 1},
            ['Task with validation mode "gt" cannot have more than 1 GT job'],
        ),
    ],
)
def test_what_is_refused(admin: Caller, asked: dict[str, object], body: object) -> None:
    before = admin.count()
    answer = admin.post("jobs", json=asked)
    assert (answer.status_code, answer.json()) == (400, body)
    assert admin.count() == before


@pytest.mark.parametrize(
    "asked",
    [
        BASE,
        BASE | {"task_id": "x"},
        MANUAL | {"frames": [1], "assignee": 99999},
        MANUAL | {"frames": [1], "frame_count": 4},
        [BASE],
    ],
)
def test_what_breaks_the_upstream(admin: Caller, asked: object) -> None:
    assert admin.post("jobs", json=asked).status_code == 500


def test_more_frames_than_there_are(admin: Caller) -> None:
    answer = admin.post("jobs", json=UNIFORM | {"frame_count": 500})
    assert answer.status_code == 400
    assert "must be not be greater than the number of the task frames (300)" in answer.json()[0]


@pytest.mark.parametrize(
    ("person", "status"),
    [("alice", 201), ("mara", 403), ("bob", 403), ("carol", 403), ("grace", 403)],  # alice owns the task
)
def test_who_may_make_and_remove_them(people: People, person: str, status: int) -> None:
    assert people(person).post("jobs", json=MANUAL | {"frames": [1]}).status_code == status
    truth = people("admin").get("jobs?type=ground_truth&task_id=6").json()["results"][0]
    assert people(person).delete(f"jobs/{truth['id']}").status_code == (204 if person in ("alice", "bob") else 403)


def test_the_older_generation_knows_other_fields(older: Caller) -> None:
    job = older.post("jobs", json=UNIFORM | {"frame_count": 4, "frame_share": 0.5, "seed": 1}).json()
    assert (job["frame_count"], "parent_job_id" in job) == (4, False)
    again = older.post("jobs", json=MANUAL | {"frames": [1]})
    assert (again.status_code, again.json()) == (400, ["A task can have only 1 ground truth job"])


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        (BASE, 400, ["Unexpected frame selection method 'None'"]),
        (PER_JOB, 400, {"frame_selection_method": ['"random_per_job" is not a valid choice.']}),
        (MANUAL | {"frames": []}, 400, ["The list of frames cannot be empty"]),
        (MANUAL | {"frames": [999]}, 400, ["The following frames are not included in the task: 999"]),
        (UNIFORM | {"frame_count": -1}, 400, {"frame_count": ["Ensure this value is greater than or equal to 0."]}),
        (UNIFORM | {"frame_count": 0}, 500, None),
        (UNIFORM | {"frame_share": 0.5}, 500, None),
        (MANUAL, 500, None),
    ],
)
def test_what_the_older_generation_refuses(older: Caller, asked: dict[str, object], status: int, body: object) -> None:
    answer = older.post("jobs", json=asked)
    assert answer.status_code == status
    assert body is None or answer.json() == body


def test_the_layout_of_a_task_with_ground_truth(admin: Caller) -> None:
    layout = {
        "mode": "gt", "frames_per_job_count": None, "validation_frames": [3, 11, 24, 38, 52, 67, 79],
        "disabled_frames": [],
    }  # fmt: skip
    assert admin.get("tasks/1/validation_layout").json() == layout
    assert admin.get("tasks/2/validation_layout").json() == {}
    changed = admin.patch("tasks/1/validation_layout", json={"disabled_frames": [24]})
    assert changed.json() == layout | {"disabled_frames": [24]} == admin.get("tasks/1/validation_layout").json()


@pytest.mark.parametrize(
    ("path", "asked", "words"),
    [
        ("tasks/1", {"disabled_frames": [4]}, "Unknown frames requested for exclusion from the validation set: 4"),
        ("tasks/1", {"honeypot_real_frames": [3]}, "Honeypots can only be modified"),
        ("tasks/2", {"disabled_frames": [4]}, "Validation is not configured in the task"),
        ("jobs/1", {"frame_selection_method": "random_uniform"}, "Honeypots can only be modified"),
    ],
)
def test_layouts_that_are_refused(admin: Caller, path: str, asked: dict[str, object], words: str) -> None:
    answer = admin.patch(f"{path}/validation_layout", json=asked)
    assert answer.status_code == 400
    assert answer.json()[0].startswith(words)


def test_only_leaders_and_staff_change_a_layout(people: People) -> None:
    asked = {"disabled_frames": [24]}
    assert people("mara").patch("tasks/1/validation_layout", json=asked).status_code == 200
    assert people("bob").patch("tasks/1/validation_layout", json=asked).status_code == 403
    assert people("carol").patch("jobs/1/validation_layout", json={}).status_code == 403


def test_the_layout_goes_with_the_job(admin: Caller) -> None:
    truth = admin.get("jobs?type=ground_truth&task_id=1").json()["results"][0]
    admin.patch("tasks/1/validation_layout", json={"disabled_frames": [24]})
    assert admin.delete(f"jobs/{truth['id']}").status_code == 204
    assert admin.get("tasks/1/validation_layout").json() == {}
    admin.post("jobs", json=MANUAL | {"task_id": 1, "frames": [24]})
    assert admin.get("tasks/1/validation_layout").json()["disabled_frames"] == []


def test_the_older_generation_has_no_layouts(older: Caller) -> None:
    for path in ("tasks/1/validation_layout", "jobs/1/validation_layout"):
        assert "<h1>Not Found</h1>" in older.get(path).text


def test_options_tell_the_fields_to_those_who_may(people: People, older: Caller) -> None:
    newer = people("admin")("OPTIONS", "jobs").json()["actions"]["POST"]
    assert {"frame_share", "random_seed", "frames_per_job_count"} <= set(newer)
    assert "frame_share" not in older("OPTIONS", "jobs").json()["actions"]["POST"]
    assert "actions" not in people("carol")("OPTIONS", "jobs").json()
