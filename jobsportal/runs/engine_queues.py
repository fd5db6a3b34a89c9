"""The two places where work waits: the database, and Redis. Each with its engine's own worker, worked off in turns."""

from typing import Any, Protocol
from uuid import uuid4

from django.conf import settings
from django_tasks_db.management.commands.db_worker import Worker as DatabaseWorker

BACKEND = "default"
QUEUE = "default"
REDIS_TURN_SECONDS = 2
WEEK = 7 * 24 * 60 * 60


class Queue(Protocol):
    """Where work waits."""

    def work_off(self) -> None:
        """Carry out what waits, and return when nothing does, or when `stop` was called."""

    def stop(self) -> None:
        """Begin nothing new."""


def configured_queue(name: str) -> Queue:
    """The queue that the settings name."""
    return RedisQueue(name) if settings.TASKS_URL else DatabaseQueue(name)


class DatabaseQueue:
    """Tasks in the database."""

    def __init__(self, name: str) -> None:
        self.worker = DatabaseWorker(
            queue_names=[QUEUE],
            interval=0,
            batch=True,
            backend_name=BACKEND,
            startup_delay=False,
            max_tasks=None,
            worker_id=name[:64],
            excluded_queue_names=[],
        )

    def work_off(self) -> None:
        self.worker.run()

    def stop(self) -> None:
        self.worker.running = False


class RedisQueue:
    """Tasks in Redis, for any number of workers."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_stopping = False

    def work_off(self) -> None:
        from django_rq import get_queue
        from django_tasks_rq import Job

        queue = get_queue(QUEUE, job_class=Job)
        # A name that was never used: Redis may still know one that was killed.
        name = f"{self.name}-{uuid4().hex[:8]}"
        worker = quiet_worker()([queue], name=name, connection=queue.connection, job_class=Job, is_stopping=self.asks)
        worker.work(logging_level="WARNING", max_idle_time=REDIS_TURN_SECONDS)

    def asks(self) -> bool:
        return self.is_stopping

    def stop(self) -> None:
        self.is_stopping = True


def quiet_worker() -> Any:
    """RQ's worker that carries out tasks in its own process. Loaded only with Redis."""
    from redis.exceptions import ConnectionError
    from rq import SimpleWorker
    from rq.exceptions import StopRequested

    class QuietWorker(SimpleWorker):
        """Leaves signals to the process, takes no orders through Redis, and ends when Redis goes."""

        def __init__(self, *args: Any, is_stopping: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.is_stopping = is_stopping

        def _install_signal_handlers(self) -> None:
            pass

        def subscribe(self) -> None:
            pass

        def unsubscribe(self) -> None:
            pass

        def heartbeat(self, *args: Any, **kwargs: Any) -> None:
            if self.is_stopping():
                raise StopRequested
            try:
                super().heartbeat(*args, **kwargs)
            except ConnectionError:
                raise StopRequested from None

        def get_heartbeat_ttl(self, *args: Any, **kwargs: Any) -> int:
            # A run takes its time. Whether its worker lives is told by the run's lease.
            return WEEK

    return QuietWorker
