"""What is already annotated in the demo's jobs, made up when somebody first asks for a job's annotations."""

from __future__ import annotations

import random
from itertools import count
from typing import Any

from .jobtable import Job
from .scenes import Thing, things
from .store import Annotations, Label, Store, Task, empty_annotations

Item = dict[str, Any]


def annotations_for(store: Store, job: Job) -> Annotations:
    """Jobs nobody has started are empty; so is every archived one."""
    task = store.task_of(job)
    untouched = job.state == "new" and job.stage == "annotation"
    if task.scene == "archive" or untouched or job.type == "ground_truth":
        return empty_annotations()
    maker = _Maker(store, task, job)
    return maker.tracks() if task.mode == "interpolation" else maker.shapes()


class _Maker:
    def __init__(self, store: Store, task: Task, job: Job) -> None:
        self.labels = {label.name: label for label in store.labels_of_task(task)}
        self.task, self.job = task, job
        self.ids = count(job.id * 1000 + 1)
        self.chance = random.Random(job.id)
        # What is in progress is annotated in its first half only
        frames = job.frames
        self.frames = frames[: len(frames) // 2] if job.state == "in progress" else frames

    def shapes(self) -> Annotations:
        made = empty_annotations()
        for frame in self.frames:
            for thing in things(self.task.scene, self.task.id, frame, self.task.width, self.task.height):
                if thing.kind in self.labels:
                    made["shapes"].append(self._of_thing(frame, thing))
            made["shapes"] += self._extras(frame)
            if frame % 3 == 0:
                made["tags"] += self._tags(frame)
        return made

    def _of_thing(self, frame: int, thing: Thing) -> Item:
        label = self.labels[thing.kind]
        box = [thing.left, thing.top, thing.right, thing.bottom]
        if label.type == "polygon" or (thing.kind in ("cat", "fish") and self.chance.random() < 0.4):
            x1, y1, x2, y2 = box
            points = [x1, y1 + (y2 - y1) / 2, (x1 + x2) / 2, y1, x2, y1 + (y2 - y1) / 2, (x1 + x2) / 2, y2]
            return self._shape(frame, label, "polygon", [round(value, 1) for value in points], colour=thing.colour_name)
        if label.type == "ellipse":
            centre = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, box[2], box[1]]
            return self._shape(frame, label, "ellipse", centre)
        turn = self.chance.choice([0.0, 0.0, 0.0, 7.5, 345.0]) if thing.kind == "car" else 0.0
        shape = self._shape(frame, label, "rectangle", box, rotation=turn, colour=thing.colour_name)
        shape["occluded"] = self.chance.random() < 0.15
        return shape

    def _extras(self, frame: int) -> list[Item]:
        """Now and then one of the rarer shapes, where the project has a label for it."""
        made: list[Item] = []
        if "lane" in self.labels and frame % 2 == 0:
            made.append(self._shape(frame, self.labels["lane"], "polyline", [0.0, 470.0, 210.0, 330.0, 420.0, 250.0]))
        if "landmark" in self.labels and frame % 4 == 1:
            made.append(self._shape(frame, self.labels["landmark"], "points", [105.0, 60.0, 238.0, 87.5, 402.0, 71.0]))
        if "manhole" in self.labels and frame % 4 == 2:
            turned = self._shape(frame, self.labels["manhole"], "ellipse", [330.0, 400.0, 372.0, 384.0], rotation=30.0)
            made.append(turned)
        if "road" in self.labels and frame % 5 == 0:
            # rows of 60: 10 empty, 40 filled, 10 empty; then the box it lies in
            rle = [10.0] + [40.0, 20.0] * 11 + [40.0, 10.0]
            made.append(self._shape(frame, self.labels["road"], "mask", [*rle, 40.0, 440.0, 99.0, 451.0]))
        if "body" in self.labels and frame % 5 == 3:
            made.append(self._skeleton(frame, self.labels["body"]))
        if "gate" in self.labels and frame % 3 == 1:
            made.append(self._shape(frame, self.labels["gate"], "polyline", [20.0, 200.0, 130.0, 198.0, 250.0, 205.0]))
        return made

    def _skeleton(self, frame: int, label: Label) -> Item:
        shape = self._shape(frame, label, "skeleton", [])
        places = [(500.0, 220.0), (520.0, 290.0), (505.0, 380.0)]
        parts = [self._shape(frame, part, "points", list(at)) for part, at in zip(label.sublabels, places, strict=True)]
        for part in parts:
            del part["elements"]
        return shape | {"elements": parts}

    def _tags(self, frame: int) -> list[Item]:
        tags = [label for label in self.labels.values() if label.type == "tag"][:1]
        return [
            {
                "id": next(self.ids),
                "label_id": label.id,
                "frame": frame,
                "group": 0,
                "source": "manual",
                "attributes": [],
            }
            for label in tags
        ]

    def _shape(
        self, frame: int, label: Label, kind: str, points: list[float], rotation: float = 0.0, colour: str = ""
    ) -> Item:
        return {
            "id": next(self.ids),
            "label_id": label.id,
            "type": kind,
            "frame": frame,
            "group": 0,
            "source": "manual",
            "occluded": False,
            "outside": False,
            "z_order": 0,
            "rotation": rotation,
            "points": points,
            "attributes": self._attributes(label, colour),
            "elements": [],
        }

    def _attributes(self, label: Label, colour: str = "", mutable: bool | None = None) -> list[Item]:
        chosen = [spec for spec in label.attributes if mutable is None or spec.mutable is mutable]
        return [{"spec_id": spec.id, "value": self._value(spec.input_type, spec.values, colour)} for spec in chosen]

    def _value(self, kind: str, values: list[str], colour: str) -> str:
        if kind in ("select", "radio"):
            return colour if colour in values else self.chance.choice(values)
        if kind == "checkbox":
            return self.chance.choice(["true", "false"])
        if kind == "number":
            return str(self.chance.randint(int(values[0]), int(values[1])))
        return self.chance.choice(["", "seen ☂", "left edge"])

    def tracks(self) -> Annotations:
        """Two tracks a job, with a keyframe every ten frames; the second leaves the picture."""
        made = empty_annotations()
        keys = list(range(self.frames[0], self.frames[-1] + 1, 10))
        for index in (0, 1):
            thing = things("video", self.task.id, keys[0], self.task.width, self.task.height)[index]
            label = self.labels[thing.kind]
            made["tracks"].append(
                {
                    "id": next(self.ids),
                    "label_id": label.id,
                    "frame": keys[0],
                    "group": 0,
                    "source": "manual",
                    "shapes": [self._keyframe(label, frame, index, frame == keys[-1] and index == 1) for frame in keys],
                    "attributes": self._attributes(label, thing.colour_name, mutable=False),
                    "elements": [],
                }
            )
        return made

    def _keyframe(self, label: Label, frame: int, index: int, outside: bool) -> Item:
        thing = things("video", self.task.id, frame, self.task.width, self.task.height)[index]
        shape = self._shape(frame, label, "rectangle", [thing.left, thing.top, thing.right, thing.bottom])
        for name in ("label_id", "group", "source", "elements"):
            del shape[name]
        return shape | {"outside": outside, "attributes": self._attributes(label, mutable=True)}
