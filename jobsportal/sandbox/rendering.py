"""People, jobs, tasks, projects and labels as the API writes them, field by field and in its order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .jobtable import Job
from .store import CloudStorage, Comment, Issue, Label, Membership, Organization, Project, Store, Task, User

Row = dict[str, Any]


def date(stamp: datetime | None) -> str | None:
    return stamp.isoformat().replace("+00:00", "Z") if stamp else None


class Renderer:
    """Renders with absolute addresses that start with `base`. `old`: without what came after the older generation."""

    def __init__(self, store: Store, base: str, old: bool = False) -> None:
        self.store = store
        self.base = base
        self.old = old

    def _newer(self, fields: Row) -> Row:
        """What only the newer generation tells."""
        return {} if self.old else fields

    def person(self, user_id: int | None) -> Row | None:
        user = self.store.users.get(user_id) if user_id else None
        return self.brief_user(user) if user else None

    def brief_user(self, user: User) -> Row:
        return {
            "url": f"{self.base}/api/users/{user.id}",
            "id": user.id,
            "username": user.username,
            "first_name": user.first_name,
            "last_name": user.last_name,
        }

    def full_user(self, user: User) -> Row:
        return (
            self.brief_user(user)
            | {
                "email": user.email,
                "groups": user.groups,
                "is_staff": user.is_superuser,
                "is_superuser": user.is_superuser,
                "is_active": user.is_active,
                "last_login": date(user.last_login),
                "date_joined": date(user.date_joined),
            }
            | self._newer({"has_analytics_access": user.is_superuser})
        )

    def organization(self, org: Organization) -> Row:
        return {
            "id": org.id,
            "slug": org.slug,
            "name": org.name,
            "description": org.description,
            "created_date": date(org.created),
            "updated_date": date(org.created),
            "contact": {"email": f"{org.slug}@example.com"},
            "owner": self.person(org.owner_id),
        } | self._newer({"uuid": org.uuid})

    def membership(self, item: Membership) -> Row:
        return {
            "id": item.id,
            "user": self.person(item.user_id),
            "organization": item.organization_id,
            "is_active": True,
            "joined_date": date(item.joined),
            "role": item.role,
            "invitation": None if item.role == "owner" else f"{item.organization_id:08}{item.user_id:056}",
        }

    def job(self, job: Job) -> Row:
        task = self.store.task_of(job)
        chunks = "video" if task.mode == "interpolation" else "imageset"
        issues = sum(1 for issue in self.store.issues if issue.job_id == job.id)
        return {
            "url": f"{self.base}/api/jobs/{job.id}",
            "id": job.id,
            "task_id": job.task_id,
            "project_id": job.project_id,
            "assignee": self.person(job.assignee_id),
            "guide_id": None,
            "dimension": "2d",
            "bug_tracker": "" if job.project_id else None,
            "status": job.status,
            "stage": job.stage,
            "state": job.state,
            "mode": task.mode,
            "frame_count": len(job.included_frames or range(job.start_frame, job.stop_frame + 1)),
            "start_frame": job.start_frame,
            "stop_frame": job.stop_frame,
            "data_chunk_size": 36 if chunks == "video" else 72,
            "data_compressed_chunk_type": chunks,
            "data_original_chunk_type": chunks,
            "created_date": date(job.created),
            "updated_date": date(job.updated),
            "issues": {"url": f"{self.base}/api/issues?job_id={job.id}", "count": issues},
            "labels": {"url": f"{self.base}/api/labels?job_id={job.id}"},
            "type": job.type,
            "organization": job.organization_id,
            "target_storage": self.storage(task.target_storage_id),
            "source_storage": self.storage(task.source_storage_id),
            "assignee_updated_date": date(job.assignee_updated),
        } | self._newer({"parent_job_id": None, "consensus_replicas": 0})

    def storage(self, number: int | None) -> Row | None:
        """Where files of a task or project go by default; None for the server itself."""
        return {"id": number, "location": "cloud_storage", "cloud_storage_id": number} if number else None

    def task(self, task: Task) -> Row:
        jobs = self.store.jobs.of_task(task.id)
        truth = self.store.ground_truth_of(task.id) is not None
        chunks = "video" if task.mode == "interpolation" else "imageset"
        done = sum(1 for job in jobs if job.stage == "acceptance" and job.state == "completed")
        return {
            "url": f"{self.base}/api/tasks/{task.id}",
            "id": task.id,
            "name": task.name,
            "project_id": task.project_id,
            "mode": task.mode,
            "owner": self.person(task.owner_id),
            "assignee": self.person(task.assignee_id),
            "bug_tracker": "",
            "created_date": date(task.created),
            "updated_date": date(task.updated),
            "overlap": 0,
            "segment_size": task.segment_size,
            "status": "annotation",
            "data_chunk_size": 36 if chunks == "video" else 72,
            "data_compressed_chunk_type": chunks,
            "guide_id": None,
            "data_original_chunk_type": chunks,
            "size": task.size,
            "image_quality": 75,
            "data": task.id,
            "dimension": "2d",
            "subset": task.subset,
            "organization": task.organization_id,
            "target_storage": self.storage(task.target_storage_id),
            "source_storage": self.storage(task.source_storage_id),
            "jobs": {
                "count": len(jobs),
                "completed": done,
                "validation": sum(1 for job in jobs if job.stage == "validation"),
                "url": f"{self.base}/api/jobs?task_id={task.id}",
            },
            "labels": {"url": f"{self.base}/api/labels?task_id={task.id}"},
            "assignee_updated_date": None,
        } | self._newer({"validation_mode": "gt" if truth else None, "consensus_enabled": False})

    def project(self, project: Project) -> Row:
        tasks = [task for task in self.store.tasks.values() if task.project_id == project.id]
        return {
            "url": f"{self.base}/api/projects/{project.id}",
            "id": project.id,
            "name": project.name,
            "owner": self.person(project.owner_id),
            "assignee": self.person(project.assignee_id),
            "guide_id": None,
            "bug_tracker": "",
            "created_date": date(project.created),
            "updated_date": date(project.updated),
            "status": "annotation",
            "dimension": "2d" if tasks else None,
            "organization": project.organization_id,
            "target_storage": self.storage(project.target_storage_id),
            "source_storage": self.storage(project.source_storage_id),
            "tasks": {"count": len(tasks), "url": f"{self.base}/api/tasks?project_id={project.id}"},
            "labels": {"url": f"{self.base}/api/labels?project_id={project.id}"},
            "assignee_updated_date": date(project.created) if project.assignee_id else None,
            "task_subsets": sorted({task.subset for task in tasks if task.subset}),
        }

    def label(self, label: Label) -> Row:
        row = self.sublabel(label)
        row["sublabels"] = [self.sublabel(sub) | {"has_parent": True} for sub in label.sublabels]
        row |= {"project_id": label.project_id} if label.project_id else {"task_id": label.task_id}
        row |= {"parent_id": label.parent_id, "has_parent": False}
        return row | ({"svg": label.svg} if label.type == "skeleton" else {})

    def sublabel(self, label: Label) -> Row:
        return {
            "id": label.id,
            "name": label.name,
            "color": label.color,
            "attributes": [
                {
                    "id": item.id,
                    "name": item.name,
                    "mutable": item.mutable,
                    "input_type": item.input_type,
                    "default_value": item.default,
                    "values": item.values,
                }
                for item in label.attributes
            ],
            "type": label.type,
        }

    def issue(self, issue: Issue) -> Row:
        return {
            "id": issue.id,
            "frame": issue.frame,
            "position": issue.position,
            "job": issue.job_id,
            "owner": self.person(issue.owner_id),
            "assignee": self.person(issue.assignee_id),
            "created_date": date(issue.created),
            "updated_date": date(issue.updated or issue.created),
            "resolved": issue.resolved,
            "comments": {"count": len(issue.comments), "url": f"{self.base}/api/comments?issue_id={issue.id}"},
        }

    def comment(self, issue: Issue, comment: Comment) -> Row:
        return {
            "id": comment.id,
            "issue": issue.id,
            "owner": self.person(comment.owner_id),
            "message": comment.message,
            "created_date": date(comment.created),
            "updated_date": date(comment.updated or comment.created),
        }

    def cloud_storage(self, storage: CloudStorage) -> Row:
        return {
            "id": storage.id,
            "owner": self.person(storage.owner_id),
            "manifests": [],
            "created_date": date(storage.created),
            "updated_date": date(storage.created),
            "provider_type": storage.provider_type,
            "resource": storage.resource,
            "display_name": storage.name,
            "credentials_type": "ANONYMOUS_ACCESS",
            "specific_attributes": "",
            "description": storage.description,
            "organization": storage.organization_id,
        }
