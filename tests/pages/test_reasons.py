"""What upstream messages mean, as people read them. The samples are what real servers said."""

from datetime import UTC, datetime, timedelta

import pytest

from jobsportal.annotations import reasons
from jobsportal.exports import reasons as export_reasons
from jobsportal.web.polling import pace

IMPORT_ERROR = "cvat.apps.dataset_manager.bindings.CvatImportError"
PATOOL = """Traceback (most recent call last):
  File "/opt/venv/lib/python3.10/site-packages/pyunpack/__init__.py", line 65, in extractall_patool
    raise PatoolError("patool can not unpack\\n" + str(p.stderr))
pyunpack.PatoolError: patool can not unpack
patool error: error extracting /home/django/data/jobs/15/tmp/cvat_lj5x288d: unknown archive format for file `/home/django/data/jobs/15/tmp/cvat_lj5x288d'
"""
XML = """Traceback (most recent call last):
  File "/usr/lib/python3.10/xml/etree/ElementTree.py", line 1622, in _raiseerror
    raise err
xml.etree.ElementTree.ParseError: unclosed token: line 1, column 13
"""
COCO = f"""Traceback (most recent call last):
  File "/opt/venv/lib/python3.10/site-packages/datumaro/components/dataset.py", line 870, in import_from
datumaro.components.errors.DatasetImportError: We found the rootpath (/home/django/data/tmp/tmpcmgto9fn/) for this dataset. However, there should exist a directory for images as /home/django/data/tmp/tmpcmgto9fn/images.

During handling of the above exception, another exception occurred:

{IMPORT_ERROR}: Failed to import dataset 'coco_instances' at '/home/django/data/tmp/tmpcmgto9fn'.
"""
STREAM = "datumaro.components.errors.DatasetExportError: MotSeqGtExporter cannot export a dataset in a stream manner\n"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("ValueError: Label 'zebra' is not registered for this task\n", "uses the label “zebra”"),
        (f"{IMPORT_ERROR}: Could not match item id: 'nope_0030' with any task frame\n", "names the image “nope_0030”"),
        (PATOOL, "not a ZIP archive"),
        (XML, "read as XML (unclosed token: line 1, column 13)"),
        ("xml.etree.ElementTree.ParseError: unclosed token: line 1, column 13\n", "read as XML (unclosed token"),
        (
            f"{IMPORT_ERROR}: Failed to import dataset 'coco_instances' at '/home/django/data/tmp/t/annotations/default.json'.\n",
            "read as COCO 1.0: its JSON is damaged",
        ),
        (COCO, "no folder named “images”"),
        (
            f"{IMPORT_ERROR}: Failed to import dataset 'coco_instances' at '/home/d/t'.\n",
            "read as COCO 1.0: its content",
        ),
        (f"{IMPORT_ERROR}: Failed to find dataset 'coco_instances' at '/home/d/t'\n", "does not look like COCO 1.0"),
        (
            "cvat.apps.dataset_manager.bindings.CvatDatasetNotFoundError: Check [format docs](https://docs.cvat.ai/x). "
            'Dataset must contain a file: "annotations/instances_*.json"\n',
            "does not look like COCO 1.0: what this format keeps its annotations in is missing",
        ),
        ("rq.timeouts.JobTimeoutException: Task exceeded maximum timeout value (180 seconds)\n", "took too long"),
        ("Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); \n", "ran out of memory"),
        ("OSError: [Errno 28] No space left on device: '/home/django/data/tmp/x'\n", "has no room left"),
        ("AttributeError: 'function' object has no attribute 'clear'\n", "stumbled while it read the file as COCO 1.0"),
        ("django.x.AttributeSpec.DoesNotExist: AttributeSpec matching query does not exist.\n", "has an attribute"),
    ],
)
def test_known_failures_of_an_import_in_plain_words(message, words):
    said = reasons.in_plain_words(message, "COCO 1.0")
    assert words in said and "Error" not in said and "/home" not in said


def test_an_unknown_failure_keeps_its_last_line_without_pythons_class_and_the_servers_folders():
    said = reasons.in_plain_words(
        'Traceback:\n  File "/x/y.py"\na.b.StrangeError: it rained on /home/django/data/f.xml\n'
    )
    assert said == "it rained on …"
    assert reasons.in_plain_words(" \n") == "The server gave no reason."
    assert len(reasons.in_plain_words("x" * 9000)) <= reasons.LONGEST


def test_braces_in_a_message_are_only_braces():
    said = reasons.in_plain_words("ValueError: Label '{format}{0}' is not registered for this task", "{what}")
    assert "“{format}{0}”" in said


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (STREAM, "This server can't write MOT 1.1."),
        ("KeyError: 'yolo_ultralytics_pose'\n", "This server can't write MOT 1.1."),
        ("ModuleNotFoundError: No module named 'openvino'\n", "lacks what it needs to write MOT 1.1"),
        ("OSError: [Errno 28] No space left on device", "no room left"),
        ("ValueError: something odd", "The server failed while it wrote the file: something odd"),
        ("", "The server gave no reason."),
    ],
)
def test_failures_of_an_export_in_plain_words(message, words):
    assert words in export_reasons.in_plain_words(message, "MOT 1.1")


def test_the_longer_something_takes_the_less_often_it_is_asked_for(settings):
    settings.POLL_SECONDS = 1.0
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert [pace(now - timedelta(seconds=waited), now) for waited in (0, 9, 11, 25, 45, 9000)] == [
        1000,
        1000,
        2000,
        4000,
        5000,
        5000,
    ]
    assert pace(None) == 1000 and pace(now + timedelta(seconds=60), now) == 1000
