"""Annotations as JSON bytes, taken object by object."""

import json

import msgspec
import pytest

from jobsportal.cvat.errors import Invalid
from jobsportal.cvat.labeled_json import checked_things, digest, part_of, pieces, ready, things

SHAPE = {"id": 7, "type": "rectangle", "frame": 1, "label_id": 2, "points": [1, 2, 3, 4], "score": 0.25}
SKELETON = {"id": 8, "type": "skeleton", "frame": 1, "label_id": 3, "points": [], "elements": [SHAPE | {"label_id": 4}]}
TRACK = {
    "id": 9,
    "frame": 0,
    "label_id": 5,
    "shapes": [{"id": 10, "type": "rectangle", "frame": 0, "points": [1, 2, 3, 4]}],
}
DATA = {"version": 3, "tags": [{"id": 1, "frame": 0, "label_id": 1}], "shapes": [SHAPE, SKELETON], "tracks": [TRACK]}


def packed(data):
    return json.dumps(data).encode()


def digest_of(data):
    return digest(things(pieces(packed(data))))


def test_what_is_sent_has_no_ids_down_to_its_parts_and_all_unknown_fields():
    sent = json.loads(msgspec.json.encode(ready(packed(DATA), checked=False)))
    assert '"id"' not in json.dumps(sent) and sent["version"] == 0
    assert sent["shapes"][0]["score"] == 0.25 and sent["shapes"][1]["elements"][0]["score"] == 0.25
    assert json.loads(msgspec.json.encode(ready(packed(DATA), with_ids=True)))["tracks"] == [TRACK]


def test_malformed_points_are_not_sent():
    with pytest.raises(Invalid, match="3 numbers are no points"):
        ready(packed({"shapes": [SHAPE | {"points": [1, 2, 3]}]}))


def test_bytes_replace_a_jobs_annotations(client):
    label = client.labels.list(job_id=1)[0].id
    shape = SHAPE | {"label_id": label, "frame": client.jobs.retrieve(1).start_frame}
    client.jobs.update_annotations(1, packed({"shapes": [shape]}))
    assert [one.points for one in client.jobs.retrieve_annotations(1).shapes] == [[1.0, 2.0, 3.0, 4.0]]


def test_the_digest_is_blind_to_ids_order_and_what_servers_fill_in():
    filled = SHAPE | {"id": 99, "rotation": 0, "z_order": 0, "group": None, "source": "manual", "attributes": []}
    assert digest_of(DATA) == digest_of(DATA | {"shapes": [SKELETON, filled], "version": 0})


@pytest.mark.parametrize(
    "field",
    [
        {"frame": 2},
        {"points": [1, 2, 3, 5]},
        {"score": 0.5},
        {"attributes": [{"spec_id": 1, "value": "x"}]},
        {"occluded": True},
    ],
)
def test_the_digest_sees_everything_else(field):
    assert digest_of(DATA) != digest_of(DATA | {"shapes": [SHAPE | field, SKELETON]})


def test_a_part_is_made_of_the_very_objects():
    given = pieces(packed(DATA))
    wanted = [one for one in things(given) if one.id in (8, 1)]
    assert json.loads(part_of(given, wanted)) == {"tags": DATA["tags"], "shapes": [SKELETON], "tracks": []}


def test_complaints_name_their_place_and_end_at_twenty():
    given = pieces(packed({"shapes": [SHAPE | {"frame": 9}, 3, *([{}] * 100)]}))
    found, problems = checked_things(given, frames=range(5), labels={2})
    assert problems[:2] == ["shapes[0]: frame 9 is not one of the job's (0–4)", "shapes[1]: expected object, got int"]
    assert len(problems) == 20 and len(found) == 1
