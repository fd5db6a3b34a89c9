"""What the engine of Django's Tasks API executes."""

from django_tasks import task

from jobsportal.runs import engine


@task()
def carry_out(run_key: str) -> None:
    """Go on with a run, if nobody else is at it."""
    engine.carry_out(run_key)
