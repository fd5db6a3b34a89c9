"""What the README shows of the service layer does what it says."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from jobsportal.sandbox import Sandbox

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("version", ["2.20", "2.42"])
def test_the_lines_in_the_readme_run_against_every_generation(version, tmp_path, monkeypatch):
    lines = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)[0]
    monkeypatch.chdir(tmp_path)
    with Sandbox(version=version) as running, redirect_stdout(io.StringIO()) as shown:
        exec(lines.replace("http://127.0.0.1:8081", running.url), {})
    first, second, third = shown.getvalue().splitlines()
    assert re.fullmatch(r"\d+ \[.*\]", first) and re.fullmatch(r"\S+ \S+ \d+ \S+\.jpg", second)
    assert "import" in third and (tmp_path / "job17.zip").read_bytes()[:2] == b"PK"
