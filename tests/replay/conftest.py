"""Says at the end of a run how much of what was recorded is answered alike."""


def pytest_terminal_summary(terminalreporter):
    from tests.replay.report import share
    from tests.replay.test_replay import replayed

    for generation, found in replayed.items():
        terminalreporter.write_line(share(generation, found))
