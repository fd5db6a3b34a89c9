"""`/api/cloudstorages`: who may read which, and what lies in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jobsportal.sandbox import Sandbox

from .conftest import Caller

People = Callable[[str | None], Caller]


def names(caller: Caller, query: str = "") -> list[str]:
    return [row["display_name"] for row in caller.get(f"cloudstorages?{query}").json()["results"]]


@pytest.mark.parametrize(
    ("person", "query", "expected"),
    [
        ("admin", "", ["Grace's bucket", "Deliveries", "Street archive"]),
        ("admin", "org=acme", ["Deliveries", "Street archive"]),
        ("admin", "org=", ["Grace's bucket"]),
        ("alice", "org=acme", ["Deliveries", "Street archive"]),
        ("bob", "org=acme", ["Deliveries", "Street archive"]),  # supervisor
        ("carol", "org=acme", []),
        ("grace", "", ["Grace's bucket"]),
        ("admin", "search=deliv", ["Deliveries"]),
        ("admin", "resource=acme-streets", ["Street archive"]),
        ("admin", "owner=alice&provider_type=AWS_S3_BUCKET", ["Deliveries"]),
        ("admin", 'filter={"==":[{"var":"name"},"Deliveries"]}', ["Deliveries"]),
        ("admin", "sort=id&page_size=1", ["Street archive"]),
    ],
)
def test_who_sees_which(people: People, person: str, query: str, expected: list[str]) -> None:
    assert names(people(person), query) == expected


def test_a_single_one(people: People) -> None:
    row = people("bob").get("cloudstorages/1").json()
    assert (row["display_name"], row["resource"], row["provider_type"]) == (
        "Street archive", "acme-streets", "AWS_S3_BUCKET",
    )  # fmt: skip
    assert people("carol").get("cloudstorages/1").status_code == 403
    assert people("grace").get("cloudstorages/1/content-v2").status_code == 403
    assert people("admin").get("cloudstorages/99").json() == {"detail": "No CloudStorage matches the given query."}
    assert people("admin").get("cloudstorages?provider_type=x").status_code == 400


def test_one_level_at_a_time(admin: Caller) -> None:
    top = admin.get("cloudstorages/2/content-v2").json()
    assert top == {
        "next": None,
        "content": [
            {"name": "incoming", "type": "DIR", "mime_type": "DIR"},
            {"name": "README.txt", "type": "REG", "mime_type": "unknown"},
        ],
    }
    inside = admin.get("cloudstorages/2/content-v2?prefix=incoming/").json()["content"]
    assert [row["name"] for row in inside] == ["roundabout.xml", "yard.json"]
    begun = admin.get("cloudstorages/2/content-v2?prefix=incoming/r").json()["content"]
    assert [row["name"] for row in begun] == ["roundabout.xml"]


def test_page_after_page(sandbox: Sandbox, admin: Caller) -> None:
    sandbox.store.cloud_storages[1].files = {f"{number}.zip": b"" for number in range(5)}
    first = admin.get("cloudstorages/1/content-v2?page_size=3").json()
    second = admin.get(f"cloudstorages/1/content-v2?page_size=3&next_token={first['next']}").json()
    assert [row["name"] for row in first["content"] + second["content"]] == [f"{n}.zip" for n in range(5)]
    assert {row["mime_type"] for row in first["content"]} == {"zip"}
    assert second["next"] is None
    assert admin.get("cloudstorages/1/content-v2?page_size=x").status_code == 500
