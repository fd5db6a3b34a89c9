"""What counts as agreeing by shape, and what doesn't."""

import pytest

from tests.replay.compare import Answer, compare, differences
from tests.replay.records import Exchange
from tests.replay.schemas import Schema

DOCUMENT = {
    "paths": {"/api/things/{id}": {"get": {"200": {"$ref": "#/components/schemas/Thing"}}}},
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "owner": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Person"}]},
                },
            },
            "Person": {"type": "object", "properties": {"id": {"type": "integer"}}},
        }
    },
}
SCHEMA = Schema(DOCUMENT)
MODEL = {"$ref": "#/components/schemas/Thing"}


@pytest.mark.parametrize(
    ("recorded", "present", "expected"),
    [
        ({"name": "a"}, {"name": "b"}, []),
        ({"name": "a"}, {"name": 1}, ["name: string, not integer"]),
        ({"name": "a"}, {"name": None}, ["name: string, not null"]),
        ({"owner": {"id": 1}}, {"owner": None}, []),
        ({"owner": {"id": 1}}, {"owner": {"id": True}}, ["owner.id: integer, not boolean"]),
        ({"name": "a"}, {}, ["body lacks name"]),
        ({}, {"name": "a"}, ["body has name besides"]),
        ([1, 2], [3], []),
        ([1], ["x"], ["[]: integer, not string"]),
        ([1], [], ["body: 1 elements, not 0"]),
        ([1.5], [1], ["[]: number, not integer"]),
        ([{"a": 1}, {"b": 1}], [{"b": 2}, {"a": 2}], []),
        ({"detail": "x"}, ["x"], ["body: object, not list"]),
    ],
)
def test_shapes(recorded, present, expected):
    assert differences(recorded, present, "", SCHEMA, MODEL) == expected


def exchange(status=200, headers=(), body=None):
    return Exchange(
        "one", "", None, "GET", "/api/things/1", "", {}, None, status, dict(headers), body or {"kind": "empty"}
    )


@pytest.mark.parametrize(
    ("recorded", "answer", "expected"),
    [
        (exchange(404), Answer(400, {}, b""), ["status 404, not 400"]),
        (exchange(headers={"allow": "GET, PUT"}), Answer(200, {"allow": "PUT,GET"}, b""), []),
        (
            exchange(headers={"content-type": "text/html"}, body={"kind": "text", "text": "x"}),
            Answer(200, {"content-type": "text/plain"}, b"y"),
            ["Content-Type: 'text/html', not 'text/plain'"],
        ),
        (exchange(headers={"retry-after": "4"}), Answer(200, {}, b""), ["retry-after: True, not False"]),
        (
            exchange(headers={"location": "http://a/api/jobs/1"}),
            Answer(200, {"location": "http://b/api/jobs/2"}, b""),
            [],
        ),
        (
            exchange(body={"kind": "text", "text": "<title>Not Found</title>"}),
            Answer(200, {}, b"words"),
            ["page: 'Not Found', not 'words'"],
        ),
        (exchange(body={"kind": "text", "text": "[]", "json": []}), Answer(200, {}, b"[]"), ["JSON was recorded"]),
        (exchange(), Answer(200, {}, b"four"), ["a body of 4 bytes where there was none"]),
    ],
)
def test_answers(recorded, answer, expected):
    assert compare(recorded, answer, SCHEMA).differences == expected


def test_a_request_must_end_as_it_ended():
    body = {"operation": {}, "status": "failed"}
    recorded = exchange(body={"kind": "text", "json": body})
    present = Answer(200, {}, b"{}", body | {"status": "finished"}, True)
    assert compare(recorded, present, SCHEMA).differences == ["outcome: 'failed', not 'finished'"]


def test_the_schema_is_asked_in_the_words_of_the_servers():
    assert SCHEMA.errors("GET", "/api/things/7", 200, {"name": "a", "owner": None}) == []
    assert SCHEMA.errors("GET", "/api/things/7", 200, {"name": "a", "owner": {"id": "x"}}) == ["owner: anyOf"]
    assert SCHEMA.errors("GET", "/api/things/7", 200, {}) == ["body: required"]
