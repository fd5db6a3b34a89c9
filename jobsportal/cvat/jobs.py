"""`/api/jobs`: the operations of the Jobs API, under its own names and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobsportal.cvat import filters
from jobsportal.cvat.datasets import Datasets
from jobsportal.cvat.errors import Invalid, ServerFault
from jobsportal.cvat.ground_truth import GroundTruth
from jobsportal.cvat.imports import Imports
from jobsportal.cvat.job_annotations import JobAnnotations
from jobsportal.cvat.job_data import JobData
from jobsportal.cvat.types import Job, Page, ValidationLayout

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client


SORT_FIELDS = (
    "id",
    "task_id",
    "task_name",
    "project_id",
    "project_name",
    "assignee",
    "stage",
    "state",
    "type",
    "dimension",
    "updated_date",
)


class Unset:
    """The type of `UNSET`: an argument that was not given, where None means something."""

    def __bool__(self) -> bool:
        return False


UNSET = Unset()


def checked(rule: filters.Rule | str | None) -> filters.Rule | None:
    """The filter as it may be sent."""
    if rule is None or (isinstance(rule, str) and not rule.strip()):
        return None
    return filters.parse(rule) if isinstance(rule, str) else filters.check(rule)


def refuse_unknown_fields(sort: str) -> None:
    for name in filter(None, (part.strip().removeprefix("-") for part in sort.split(","))):
        if name not in SORT_FIELDS:
            raise Invalid(detail=f"Jobs can't be sorted by “{name[:50]}”.", fields={"sort": ["unknown field"]})


class Jobs(JobAnnotations, JobData, Datasets, GroundTruth, Imports):
    """`/api/jobs`: `create`, `list`, `retrieve`, `partial_update` and `destroy`; `retrieve_annotations`,
    `update_annotations`, `partial_update_annotations`, `destroy_annotations` and `create_annotations`;
    `retrieve_data`, `retrieve_data_meta` and `retrieve_preview`; `create_dataset_export` and `retrieve_dataset`.

    `export`, `import_file` and `create_ground_truth` do what people want of them, on a server of any generation.
    """

    kind = "jobs"

    def __init__(self, client: Client) -> None:
        self.client = client

    def list(
        self,
        *,
        x_organization: str | None = None,
        assignee: str | None = None,
        dimension: str | None = None,
        filter: filters.Rule | str | None = None,
        org: str | None = None,
        org_id: int | None = None,
        page: int | str | None = None,
        page_size: int | str | None = None,
        project_id: int | None = None,
        project_name: str | None = None,
        search: str | None = None,
        sort: str | None = None,
        stage: str | None = None,
        state: str | None = None,
        task_id: int | None = None,
        task_name: str | None = None,
        type: str | None = None,
    ) -> Page[Job]:
        """GET /api/jobs: one page of the jobs that match everything given.

        `assignee` is an exact user name; `task_name` and `project_name` match whole; `search` looks for words in task,
        project, assignee, state and stage; `sort` is a field, or several with commas, `-` for falling; `page` counts
        from 1, `page="last"` works; `count` is exact whatever the page size. `filter` is JSON Logic.
        An empty text is no filter; an empty rule is a mistake, and never a list of everything.
        A task or project that isn't there has no jobs, in every generation.
        Raises Invalid for a filter, a value or a field to sort by that the upstream can't use (it would pass over the
        latter in silence), NotFound for a page outside the range.
        """
        rule = checked(filter)
        params: dict[str, Any] = {
            "assignee": assignee,
            "dimension": dimension,
            "filter": filters.dumps(rule) if rule is not None else None,
            "org": org,
            "org_id": None if org_id is None else int(org_id),
            "page": page,
            "page_size": page_size,
            "project_id": None if project_id is None else int(project_id),
            "project_name": project_name,
            "search": search,
            "sort": sort,
            "stage": stage,
            "state": state,
            "task_id": None if task_id is None else int(task_id),
            "task_name": task_name,
            "type": type,
        }
        refuse_unknown_fields(sort or "")
        headers = {"X-Organization": x_organization} if x_organization is not None else {}
        try:
            return self.client.send("GET", "/api/jobs", Page[Job], params=params, headers=headers)
        except Invalid as error:
            if error.fields and not set(error.fields) - {"task_id", "project_id"}:
                return Page(count=0, results=[])  # before 2.42 an id that isn't there, or not for the caller, is a 400
            raise

    def retrieve(self, id: int) -> Job:
        """GET /api/jobs/{id}. Raises NotFound, Forbidden."""
        return self.client.get(f"/api/jobs/{int(id)}", Job)

    def partial_update(
        self,
        id: int,
        *,
        assignee: int | Unset | None = UNSET,
        stage: str | Unset = UNSET,
        state: str | Unset = UNSET,
    ) -> Job:
        """PATCH /api/jobs/{id}: the job as it is afterwards.

        `assignee` is a user's id, None for nobody. An unknown id, a 500 upstream, is Invalid here; somebody from
        outside the organization is accepted: check with `users.find` first. A new stage without a state sets the state
        to `new`. Every call upstream moves `updated_date`, even one that changes nothing: send only what changes. With
        nothing given the job is only read. There is no conditional update upstream. Raises Invalid, Forbidden,
        NotFound.
        """
        given = {"assignee": assignee, "stage": stage, "state": state}
        changes = {name: value for name, value in given.items() if not isinstance(value, Unset)}
        if not changes:
            return self.retrieve(id)
        try:
            return self.client.send("PATCH", f"/api/jobs/{int(id)}", Job, json=changes)
        except ServerFault:
            self.client.users.refuse_unknown(changes.get("assignee"))
            raise

    def validation_layout(self, id: int) -> ValidationLayout:
        """GET /api/jobs/{id}/validation_layout: honeypots, where the task has any. Raises NotFound for a job that isn't
        there and on servers before 2.42."""
        return self.client.get(f"/api/jobs/{int(id)}/validation_layout", ValidationLayout)
