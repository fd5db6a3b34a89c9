"""What was found, held against a job."""

import pytest

from jobsportal.looking import Findings, compare
from jobsportal.looking.matching import JobFrames

NAMES = ["day/a.jpg", "day/b.jpg", "night/a.jpg", "c.d.png"]


def findings(**more):
    found = {"labels": {"car": 2}, "objects": 2, "is_counted": True, "frames": {("day/a", None): 2}}
    return Findings("a.xml", **(found | more))


def held(found, labels=("car", "bus"), names=NAMES, first=10, last=13):
    return compare(found, labels, names, first, last)


def test_numbers_are_told_in_words():
    many = findings(labels={"car": 1200, "bus": 4, "unused": 0}, objects=1204)
    assert held(many).summary == "1,204 objects with 2 labels on 1 of the job's 4 frames"
    assert held(findings(is_whole=False)).summary.startswith("At least 2 objects with 1 label on 1")
    assert held(findings(objects=1, labels={"car": 1}), names=["a.jpg"], first=0, last=0).summary.endswith(
        "job's 1 frame"
    )


def test_formats_whose_objects_are_not_counted():
    masks = findings(is_counted=False, objects=0, labels={"car": 0}, frames={("day/a", None): 0, ("day/x", None): 0})
    verdict = held(masks)
    assert verdict.summary == "It names 1 of the job's 4 frames; what is on them is not counted here"
    assert verdict.strangers == ("day/x",) and not held(findings(is_counted=False, objects=0, frames={})).summary


def test_unknown_labels_the_most_used_first_with_what_may_be_meant():
    verdict = held(findings(labels={"Cra": 1, "BUS": 7, "car": 1, "gate": 0, "zebra": 2}))
    assert verdict.unknown == ("Cra", "BUS", "zebra") and not verdict.is_foreign
    (words,) = verdict.warnings
    assert "“BUS” (7 objects; is “bus” meant?), “zebra” (2 objects), “Cra” (1 object)" in words
    assert held(findings(labels={"Zug": 1})).is_foreign


def test_of_many_unknown_labels_only_a_few_are_told():
    (words,) = held(findings(labels={f"label {number}": 1 for number in range(2000)})).warnings
    assert words.count("“") == 5 and "1,995 more" in words


def test_frames_of_others_are_counted_and_a_few_are_told():
    frames = {("day/a", None): 1, **{(f"x{number}", None): 1 for number in range(9)}, ("unused", None): 0}
    verdict = held(findings(frames=frames))
    assert verdict.frames == 1 and len(verdict.strangers) == 9 and not verdict.is_foreign
    assert verdict.warnings == ("9 frames of the file are not in this job: “x0”, “x1”, “x2” and 6 more.",)


def test_nothing_that_matches():
    verdict = held(findings(frames={("x", None): 1}))
    assert verdict.summary == "2 objects with 1 label on none of the job's 4 frames"
    assert verdict.is_foreign and "Nothing in it matches a frame of this job" in verdict.warnings[0]


def test_a_file_that_is_only_partly_read_is_not_said_to_be_empty():
    assert held(findings(objects=0, labels={}, frames={})).warnings
    assert not held(findings(objects=0, labels={}, frames={}, is_whole=False)).warnings


@pytest.mark.parametrize(
    ("key", "number"),
    [
        (("day/a", None), 10),
        (("night/a", None), 12),
        (("b", None), 11),
        (("images/day/b", None), 11),
        (("day\\b", None), 11),
        (("./day/b", None), 11),
        (("elsewhere/b", None), 11),
        (("c.d", None), 13),
        (("a", None), None),  # two have this name
        (("elsewhere/a", None), None),
        (("x", None), None),
        (("x", 11), None),  # its name tells more than its number
        (("", 11), 11),
        (("", 9), None),
        (("", 14), None),
        (("frame_000011", None), None),
    ],
)
def test_pictures_are_matched_by_their_paths(key, number):
    assert JobFrames(NAMES, 10, 13).find(key) == number


@pytest.mark.parametrize(
    ("key", "number"),
    [
        (("frame_000011", None), 11),
        (("in/frame_000011", None), 11),
        (("000011", None), 11),
        (("frame_000099", None), None),
        (("anything", 11), 11),
        (("anything", None), None),
        (("", 11), 11),
        (("frame_" + "9" * 40, None), None),
        (("frame_١١", None), None),
    ],
)
def test_frames_of_a_video_are_matched_by_their_numbers(key, number):
    assert JobFrames([], 10, 13).find(key) == number


def test_numbers_may_count_through_the_job_from_one():
    frames = JobFrames(NAMES, 10, 13)
    assert [frames.find(("", number), is_numbered_within=True) for number in (0, 1, 4, 5)] == [None, 10, 13, None]
    assert held(findings(frames={("", 1): 2}, is_numbered_within=True)).frames == 1


def test_frames_that_a_job_leaves_out_are_not_its_own():
    frames = JobFrames(["a.jpg", "", "c.jpg"], 0, 2)
    assert len(frames) == 2 and frames.find(("", 1)) is None and frames.find(("", 2)) == 2
