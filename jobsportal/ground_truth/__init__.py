"""Ground truth jobs: making one for a task, and deleting one. No other jobs can be made or deleted one by one."""
