"""Creating and deleting ground truth jobs: the only jobs that can be made and removed one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from jobsportal.cvat.errors import Invalid, ServerFault, Unsupported
from jobsportal.cvat.types import Job

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client

Method = Literal["manual", "random_uniform", "random_per_job"]
METHODS = ("manual", "random_uniform", "random_per_job")


def invalid(field: str, words: str) -> Invalid:
    return Invalid(fields={field: [words]})


class GroundTruth:
    """The part of `client.jobs` that makes jobs and removes them."""

    client: Client

    def create(
        self,
        *,
        task_id: int,
        type: str = "ground_truth",
        frame_selection_method: Method,
        frames: Sequence[int] | None = None,
        frame_count: int | None = None,
        frame_share: float | None = None,
        frames_per_job_count: int | None = None,
        frames_per_job_share: float | None = None,
        random_seed: int | None = None,
        seed: int | None = None,
        assignee: int | None = None,
        stage: str | None = None,
        state: str | None = None,
    ) -> Job:
        """POST /api/jobs: a ground truth job for a task, which may have one.

        The names are the upstream's, and differ by generation: before 2.42 there are `frame_count` and `seed`, from
        then on also shares (0 to 1), frames per job and `random_seed`. `create_ground_truth` knows which to use.
        What a server would answer with a 500 is refused here. Raises Invalid (`fields` says where), Forbidden.
        """
        if frame_selection_method not in METHODS:
            raise invalid("frame_selection_method", "There is no such method.")
        refuse_nothing(frame_selection_method, frames, frame_count, frame_share)
        given = {
            "type": type,
            "task_id": int(task_id),
            "frame_selection_method": frame_selection_method,
            "frames": None if frames is None else [int(frame) for frame in frames],
            "frame_count": frame_count,
            "frame_share": frame_share,
            "frames_per_job_count": frames_per_job_count,
            "frames_per_job_share": frames_per_job_share,
            "random_seed": random_seed,
            "seed": seed,
            "assignee": assignee,
            "stage": stage,
            "state": state,
        }
        body = {name: value for name, value in given.items() if value is not None}
        try:
            return self.client.send("POST", "/api/jobs", Job, json=body)
        except ServerFault:
            self.client.users.refuse_unknown(assignee)
            raise

    def create_ground_truth(
        self,
        task_id: int,
        method: Method,
        *,
        frames: Sequence[int] = (),
        count: int | None = None,
        share: float | None = None,
        seed: int | None = None,
        assignee: int | None = None,
    ) -> Job:
        """A ground truth job, in the words of the server's generation.

        `manual` takes `frames`; `random_uniform` takes a `count` or a `share` of the task's frames; `random_per_job`
        takes them of each job's. Before 2.42 a share is turned into a count (one more call), and choosing per job is
        Unsupported. Raises as `create` does.
        """
        if method == "manual":
            return self.create(task_id=task_id, frame_selection_method=method, frames=frames, assignee=assignee)
        if (count is None) == (share is None):
            raise invalid("frame_count", "Either a number of frames or a share of them is needed.")
        is_new = self.client.version.selects_frames_per_job
        if method == "random_per_job":
            if not is_new:
                words = "This server can't choose frames per job."
                raise Unsupported(detail=words, fields={"frame_selection_method": [words]})
            return self.create(
                task_id=task_id,
                frame_selection_method=method,
                frames_per_job_count=count,
                frames_per_job_share=share,
                random_seed=seed,
                assignee=assignee,
            )
        if share is not None and not is_new:
            if not 0 < share <= 1:
                raise invalid("frame_share", "A share lies between 0 and 1.")
            count, share = max(1, int(share * self.client.tasks.retrieve(task_id).size)), None
        return self.create(
            task_id=task_id,
            frame_selection_method=method,
            frame_count=count,
            frame_share=share,
            random_seed=seed if is_new else None,
            seed=None if is_new else seed,
            assignee=assignee,
        )

    def destroy(self, id: int) -> None:
        """DELETE /api/jobs/{id}: the job and its annotations, for good. Raises Invalid for any but a ground truth job,
        Forbidden, NotFound. Sent once: a repeated one would be NotFound after a success."""
        self.client.fetch("DELETE", f"/api/jobs/{int(id)}", once=True)


def refuse_nothing(method: str, frames: Sequence[int] | None, count: int | None, share: float | None) -> None:
    """What real servers answer with a 500: nothing to choose, or too much said about it."""
    if method == "manual":
        if not frames:
            raise invalid("frames", "Choose at least one frame.")
        if len(set(frames)) != len(frames):
            raise invalid("frames", "A frame can be chosen once.")
        if count is not None or share is not None:
            raise invalid("frames", "Frames that are named can't be counted out as well.")
    if method == "random_uniform":
        if (count is None) == (share is None):
            raise invalid("frame_count", "Either a number of frames or a share of them is needed.")
        if count is not None and count < 1:
            raise invalid("frame_count", "At least one frame is needed.")
        if share is not None and not 0 < share <= 1:
            raise invalid("frame_share", "A share lies between 0 and 1.")
