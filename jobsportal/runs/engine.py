"""Carrying out a run."""


def carry_out(run_key: str) -> None:
    raise NotImplementedError
