"""Traps: data."""

import pytest

from jobsportal.cvat import errors
from tests.service.traps.helpers import JOB, client_at


def test_trap_a_number_that_is_none_is_a_500_so_it_is_refused_here(server):
    client = client_at(server)
    for bad in ("x", None):
        with pytest.raises((ValueError, TypeError)):
            client.jobs.retrieve_frame(JOB, bad)
    with pytest.raises(errors.Invalid):
        client.jobs.retrieve_data(JOB, type="frame")
    assert not server.calls


def test_trap_a_frame_outside_is_a_400_in_two_shapes(server):
    with pytest.raises(errors.Invalid) as told:
        client_at(server).jobs.retrieve_frame(JOB, 99999)
    assert told.value.detail and "[" not in told.value.detail[:1]


def test_trap_pictures_are_jpeg_or_png_and_chunks_archives(server):
    client = client_at(server)
    first = client.jobs.retrieve(JOB).start_frame
    assert client.jobs.retrieve_frame(JOB, first).content_type in ("image/jpeg", "image/png")
    assert client.jobs.retrieve_preview(JOB).content_type in ("image/jpeg", "image/png")
    chunk = client.jobs.retrieve_data(JOB, type="chunk", index=0)
    assert b"".join(chunk)[:2] == b"PK"


def test_trap_a_range_of_a_frame_is_ignored(server):
    client = client_at(server)
    first = client.jobs.retrieve(JOB).start_frame
    params = {"type": "frame", "number": first, "quality": "original"}
    part = client.stream(f"/api/jobs/{JOB}/data", params=params, headers={"Range": "bytes=0-9"})
    assert part.status == 200 and len(b"".join(part)) > 10
