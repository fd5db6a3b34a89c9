"""The recorded series on dates: what moves the date of a job, what that of its task, in both generations."""

import pytest
import requests

from jobsportal.sandbox import Sandbox
from tests.replay.records import GENERATIONS
from tests.replay.world import fill

BOX = {"frame": 0, "label_id": 16, "type": "rectangle", "points": [1.0, 2.0, 30.0, 40.0], "attributes": []}
REMARK = {"job": 33, "frame": 20, "position": [1.0, 2.0, 30.0, 40.0], "message": "Look"}
JOB, ANNOTATIONS = "jobs/33", "jobs/33/annotations"

STEPS = [  # what is asked, how it is answered, whether the job's date moves, and the task's
    ("PATCH", JOB, {"state": "in progress"}, 200, True, False),
    ("PATCH", JOB, {"state": "in progress"}, 200, True, False),
    ("PATCH", JOB, {}, 200, True, False),
    ("PATCH", JOB, {"assignee": 7}, 200, True, False),
    ("PATCH", JOB, {"assignee": 7}, 200, True, False),
    ("PATCH", JOB, {"state": "bogus"}, 400, False, False),
    ("PUT", ANNOTATIONS, {"shapes": [BOX]}, 200, True, True),
    ("PATCH", f"{ANNOTATIONS}?action=create", {"shapes": [BOX]}, 200, True, True),
    ("PATCH", f"{ANNOTATIONS}?action=delete", {"shapes": []}, 200, False, False),
    ("GET", ANNOTATIONS, None, 200, False, False),
    ("PUT", ANNOTATIONS, {"shapes": [BOX]}, 200, True, True),
    ("POST", "issues", REMARK, 201, False, False),
    ("PATCH", "jobs/33/data/meta", {"deleted_frames": [21]}, 200, False, True),
    ("DELETE", ANNOTATIONS, None, 204, True, True),
    ("DELETE", ANNOTATIONS, None, 204, False, False),
]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_moves_which_date(generation):
    with Sandbox(version=generation, fill=fill) as sandbox:
        headers = {"Accept": "application/vnd.cvat+json", "Authorization": f"Token {sandbox.token('admin')}"}

        def ask(method, path, data=None):
            return requests.request(method, f"{sandbox.url}/api/{path}", headers=headers, json=data, timeout=30)

        def dates():
            return ask("GET", JOB).json()["updated_date"], ask("GET", "tasks/5").json()["updated_date"]

        seen = []
        for method, path, data, *_ in STEPS:
            before = dates()
            status = ask(method, path, data).status_code
            after = dates()
            seen.append((method, path, data, status, before[0] != after[0], before[1] != after[1]))
    assert seen == STEPS
