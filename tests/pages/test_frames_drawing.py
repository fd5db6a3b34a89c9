"""What is drawn for the points of each kind of shape; where tracks are between key frames; masks to the pixel."""

import random
import re

import pytest

from jobsportal.cvat.labeled import AttributeVal, Shape, Track, TrackedShape
from jobsportal.cvat.spans import FrameObjects
from jobsportal.cvat.types import Label, Sublabel
from jobsportal.frames.drawing import Names, Painter
from jobsportal.frames.masks import mask_path
from jobsportal.frames.shapes import Part, parts_of
from jobsportal.frames.skeletons import edges_of
from jobsportal.frames.tracks import position, shortest_turn


def run_lengths(pixels: list[list[int]], left: int = 0, top: int = 0) -> list[float]:
    """A mask as the upstream has it: background and object in turn, row by row, then the box."""
    flat = [pixel for row in pixels for pixel in row]
    runs, current = [0], 0
    for pixel in flat:
        if pixel != current:
            runs.append(0)
            current = pixel
        runs[-1] += 1
    return [float(run) for run in runs] + [left, top, left + len(pixels[0]) - 1, top + len(pixels) - 1]


def filled(path: str, width: int, height: int, left: int = 0, top: int = 0) -> list[list[int]]:
    """Which pixels a path of horizontal and vertical lines fills, by the even-odd rule: upright edges to the left of a
    pixel's middle are counted."""
    upright = []
    for loop in re.findall(r"M[^Z]*Z", path):
        x, y = map(int, re.match(r"M(-?\d+) (-?\d+)", loop).groups())
        begin = (x, y)
        for way, value in re.findall(r"([HV])(-?\d+)", loop):
            if way == "H":
                x = int(value)
            else:
                upright.append((x, *sorted((y, int(value)))))
                y = int(value)
        assert x == begin[0], "a loop comes back by an upright edge"
        upright.append((x, *sorted((y, begin[1]))))
    rows = []
    for y in range(top, top + height):
        here = [edge for edge, start, end in upright if start <= y < end]
        rows.append([sum(edge <= x for edge in here) % 2 for x in range(left, left + width)])
    return rows


MASKS = {
    "a pixel": [[1]],
    "a box within a box": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "a ring": [[1, 1, 1], [1, 0, 1], [1, 1, 1]],
    "touching corners": [[1, 0], [0, 1]],
    "touching corners the other way": [[0, 1, 0], [1, 0, 1], [0, 1, 0]],
    "two apart": [[1, 0, 1], [1, 0, 1]],
    "all": [[1, 1], [1, 1]],
    "runs over the ends of rows": [[0, 1, 1], [1, 1, 0], [0, 1, 1]],
}


@pytest.mark.parametrize("name", MASKS)
def test_a_masks_outline_holds_its_pixels_and_no_others(name):
    pixels = MASKS[name]
    path = mask_path(run_lengths(pixels, 40, 30))
    assert filled(path, len(pixels[0]), len(pixels), 40, 30) == pixels


def test_runs_without_a_length_part_nothing():
    path = mask_path([0.0, 2.0, 0.0, 2.0, 0.0, 0.0, 3.0, 0.0])
    assert path == "M0 0H4V1H0Z"


def test_masks_of_any_form_are_exact():
    chance = random.Random(7)
    for _ in range(60):
        width, height, share = chance.randint(1, 14), chance.randint(1, 14), chance.random()
        pixels = [[int(chance.random() < share) for _ in range(width)] for _ in range(height)]
        pixels[0][0] = 1  # an empty mask is none
        path = mask_path(run_lengths(pixels, 3, 9))
        assert filled(path, width, height, 3, 9) == pixels


@pytest.mark.parametrize(
    "points",
    [
        [],
        [0, 1, 0, 0, 0],
        [0.0, 5.0, 0.0, 0.0, 1.0, 1.0],
        [0.0, -1.0, 0.0, 0.0, 3.0, 3.0],
        [0.0, 1.0, 5.0, 5.0, 1.0, 1.0],
        [0.0, 1.0, 0.0, 0.0, 1e12, 1e12],
    ],
)
def test_what_is_no_mask_is_not_drawn(points):
    assert parts_of("mask", points) is None


@pytest.mark.parametrize(
    ("kind", "points", "drawn"),
    [
        ("rectangle", [1, 2, 30.5, 40], [("area", "M1 2L30.5 2L30.5 40L1 40Z")]),
        ("polygon", [0, 0, 4, 0, 4, 3.125], [("area", "M0 0L4 0L4 3.12Z")]),
        ("polyline", [0, 0, 4, 0], [("line", "M0 0L4 0")]),
        ("points", [1, 2, 3, 4], [("dots", "M1 2h0M3 4h0")]),
        ("ellipse", [50, 40, 70, 30], [("area", "M30 40A20 10 0 1 1 70 40A20 10 0 1 1 30 40Z")]),
        ("mask", [0, 2, 5, 6, 6, 6], [("mask", "M5 6H7V7H5Z")]),
    ],
)
def test_each_kind_is_drawn_where_its_points_are(kind, points, drawn):
    assert [(part.kind, part.d) for part in parts_of(kind, points)] == drawn


def test_a_cuboid_shows_its_front_and_every_edge_once():
    points = [0, 0, 0, 10, 20, 0, 20, 10, 30, 5, 30, 12, 10, 5, 10, 12]
    rest, front = parts_of("cuboid", points)
    assert front.d == "M0 0L0 10L20 10L20 0Z"
    edges = {tuple(sorted(re.findall(r"[\d.]+ [\d.]+", edge))) for edge in rest.d.split("M") if edge}
    assert len(edges) == 8 and ("0 0", "10 5") in edges and ("20 10", "30 12") in edges


def test_a_rotation_turns_clockwise_around_the_middle():
    assert parts_of("rectangle", [0, 0, 10, 20], 30.0)[0].turn == "rotate(30 5 10)"
    assert parts_of("ellipse", [50, 40, 70, 30], 345.0)[0].turn == "rotate(345 50 40)"


@pytest.mark.parametrize("points", [[1, 2, 3], [], [1, 2, 3, 4, 5], [1e300, 0, 1, 1]])
@pytest.mark.parametrize("kind", ["rectangle", "polygon", "cuboid", "blob"])
def test_malformed_points_are_not_drawn(kind, points):
    assert parts_of(kind, points) is None


def key(frame: int, points: list[float], type: str = "rectangle", **more) -> TrackedShape:
    return TrackedShape(frame=frame, type=type, points=points, **more)


def track(*keys: TrackedShape, **more) -> Track:
    return Track(label_id=1, frame=keys[0].frame, shapes=list(keys), **more)


def test_between_key_frames_a_track_moves_in_a_straight_line():
    moving = track(key(10, [0, 0, 10, 10]), key(20, [100, 50, 120, 60]))
    there = position(moving, 15)
    assert list(there.points) == [50, 25, 65, 35] and not there.is_key
    assert list(position(moving, 10).points) == [0, 0, 10, 10] and position(moving, 10).is_key
    assert position(moving, 9) is None
    assert list(position(moving, 400).points) == [100, 50, 120, 60], "after its last key frame it stays"


def test_a_track_is_hidden_from_where_it_is_outside_until_it_comes_back():
    moving = track(key(0, [0, 0, 1, 1]), key(4, [4, 4, 5, 5], outside=True), key(8, [9, 9, 10, 10]))
    assert [number for number in range(10) if position(moving, number)] == [0, 1, 2, 3, 8, 9]
    assert list(position(moving, 2).points) == [2, 2, 3, 3], "until then it moves towards the place where it leaves"


@pytest.mark.parametrize(
    ("start", "end", "turn"), [(350, 10, 20), (10, 350, -20), (0, 90, 90), (90, 0, -90), (5, 5, 0)]
)
def test_a_rotation_goes_the_short_way(start, end, turn):
    assert shortest_turn(start, end) == turn
    turning = track(key(0, [0, 0, 2, 2], rotation=start), key(2, [0, 0, 2, 2], rotation=end))
    assert position(turning, 1).rotation == (start + turn / 2) % 360


def test_outlines_with_other_numbers_of_points_keep_the_last_key_frame_and_say_so():
    growing = track(key(0, [0, 0, 4, 0, 4, 4], "polygon"), key(10, [0, 0, 4, 0, 4, 4, 0, 4], "polygon"))
    there = position(growing, 5)
    assert list(there.points) == [0, 0, 4, 0, 4, 4] and "another number of points" in there.note
    even = track(key(0, [0, 0, 4, 0, 4, 4], "polygon"), key(10, [10, 0, 14, 0, 14, 4], "polygon"))
    assert list(position(even, 5).points) == [5, 0, 9, 0, 9, 4] and not position(even, 5).note


def test_a_single_point_moves_and_several_stand():
    assert list(position(track(key(0, [0, 0], "points"), key(4, [8, 4], "points")), 1).points) == [2, 1]
    several = track(key(0, [0, 0, 1, 1], "points"), key(4, [8, 4, 9, 9], "points"))
    assert list(position(several, 2).points) == [0, 0, 1, 1]


def test_a_key_frame_on_a_deleted_frame_says_nothing_about_others():
    moving = track(key(0, [0, 0, 1, 1]), key(5, [900, 900, 901, 901]), key(10, [10, 10, 11, 11]))
    assert list(position(moving, 4, {5}).points) == [4, 4, 5, 5]
    assert list(position(moving, 5, {5}).points) == [900, 900, 901, 901]


def test_values_hold_from_the_key_frame_that_gives_them():
    given = [[AttributeVal(spec_id=2, value=text)] for text in ("slow", "fast")]
    moving = track(
        key(0, [0, 0, 1, 1], attributes=given[0]),
        key(5, [0, 0, 1, 1], attributes=given[1]),
        attributes=[AttributeVal(spec_id=1, value="red")],
    )
    assert [(one.spec_id, one.value) for one in position(moving, 4).attributes] == [(1, "red"), (2, "slow")]
    assert [(one.spec_id, one.value) for one in position(moving, 5).attributes] == [(1, "red"), (2, "fast")]


SVG = (
    '<line data-type="edge" data-node-from="1" data-node-to="2"></line>'
    '<line data-type="edge" data-node-from="1" data-node-to="3"></line><script>alert(1)</script>'
    '<circle data-node-id="1" data-label-id="11"></circle><circle data-node-id="2" data-label-name="hand"></circle>'
    '<circle data-node-id="3" data-label-id="13"></circle>'
)
BODY = Label(
    id=10,
    name="body",
    color="#112233",
    type="skeleton",
    svg=SVG,
    sublabels=[
        Sublabel(id=11, name="head", color="#ff0000"),
        Sublabel(id=12, name="hand", color="#00ff00"),
        Sublabel(id=13, name="foot", color="javascript:"),
    ],
)


def element(label_id: int, points: list[float], **more) -> Shape:
    return Shape(label_id=label_id, frame=0, type="points", points=points, **more)


def painted(*shapes: Shape, tracks: tuple[Track, ...] = (), frame: int = 0, **more) -> list:
    return Painter(Names([BODY]), frame, **more).everything(FrameObjects({}, [], list(shapes), list(tracks)))


def test_a_skeleton_shows_its_parts_and_the_lines_that_its_label_draws():
    parts = [element(11, [1, 1]), element(12, [5, 5], occluded=True), element(13, [9, 9], outside=True)]
    (body,) = painted(Shape(label_id=10, frame=0, type="skeleton", elements=parts))
    lines = [part for part in body.parts if part.kind == "line"]
    dots = [part for part in body.parts if part.kind == "dots"]
    assert [(part.d, part.color) for part in lines] == [("M1 1L5 5", "#112233")], "no line to what is outside"
    assert [(part.d, part.color, part.is_dashed) for part in dots] == [
        ("M1 1h0", "#ff0000", False),
        ("M5 5h0", "#00ff00", True),
    ]
    assert body.facts == ["parts: head, hand", "occluded parts: hand", "parts outside: foot"]


def test_the_parts_of_a_skeleton_track_move_by_themselves():
    moving = track(key(0, [0, 0], "points"), key(10, [10, 20], "points"))
    leaving = track(key(0, [5, 5], "points"), key(4, [5, 5], "points", outside=True))
    parts = [Track(label_id=id, frame=0, shapes=one.shapes) for id, one in ((11, moving), (12, leaving))]
    body = Track(label_id=10, frame=0, shapes=[key(0, [], "skeleton")], elements=parts)
    (drawn,) = painted(tracks=(body,), frame=5)
    assert [part.d for part in drawn.parts] == ["M5 10h0"] and "parts outside: hand" in drawn.facts
    gone = Track(label_id=10, frame=0, shapes=[key(0, [], "skeleton")], elements=parts[1:])
    assert painted(tracks=(gone,), frame=5) == []


def rectangle(**more) -> Shape:
    return Shape(label_id=10, frame=0, type="rectangle", points=[0, 0, 5, 5], **more)


def test_what_lies_on_top_is_drawn_last():
    drawn = painted(rectangle(id=1, z_order=3), rectangle(id=2), rectangle(id=3, z_order=-1))
    assert [one.id for one in drawn] == [3, 2, 1] and [one.number for one in drawn] == [1, 2, 3]


def test_occluded_is_dashed_and_outside_is_not_there():
    drawn = painted(rectangle(occluded=True), rectangle(outside=True))
    assert [part.is_dashed for one in drawn for part in one.parts] == [True] and "occluded" in drawn[0].facts


def test_what_can_t_be_drawn_is_still_told():
    (odd,) = painted(Shape(label_id=77, frame=0, type="rectangle", points=[1, 2], source="auto", id=5))
    assert odd.parts == [] and "can't be drawn" in odd.note and "label 77, rectangle · id 5 · auto" in odd.in_words


def test_more_than_can_be_drawn_is_told_instead():
    drawn = painted(rectangle(), rectangle(), room=30)
    assert [bool(one.parts) for one in drawn] == [True, False] and "too much" in drawn[1].note


def test_once_there_is_no_room_nothing_more_is_drawn(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "jobsportal.frames.drawing.parts_of", lambda *given: drawn.append(given) or [Part("area", "M0")]
    )
    assert len(painted(*[rectangle() for _ in range(9)], room=3)) == 9 and len(drawn) == 2
    made = painted(*[rectangle() for _ in range(9)], points=12)
    assert len(drawn) == 5 and [bool(one.parts) for one in made] == [True] * 3 + [False] * 6
    assert "too much" in made[-1].note


@pytest.mark.parametrize("svg", ["<![foo[", "<line data-node-from='&#" + "9" * 5000 + ";'>"])
def test_a_drawing_that_can_t_be_read_joins_nothing(svg):
    assert edges_of(Label(id=10, name="body", svg=SVG + svg)) == []


def test_a_label_s_drawing_is_read_once_for_all_its_skeletons(monkeypatch):
    read = []
    monkeypatch.setattr("jobsportal.frames.drawing.edges_of", lambda label: read.append(label) or [])
    painted(*[Shape(label_id=10, frame=0, type="skeleton", elements=[element(11, [1, 1])]) for _ in range(3)])
    assert read == [BODY]


def test_objects_in_a_point_cloud_are_told_but_not_drawn():
    (box,) = painted(Shape(label_id=10, frame=0, type="cuboid", points=[float(n) for n in range(16)]), is_flat=False)
    assert box.parts == [] and "point cloud" in box.note
