"""A look inside an annotation file before it is sent: what it is, what is in it, and whether that fits the job.

Pure, but for `views` and `forms`: no Django, no upstream, nothing unpacked to disk. Files are hostile until they were
looked at; what is read of them is bounded in bytes and in numbers, and whatever they hold becomes words, never an
exception. It is advice to the person who sends the file: what the upstream makes of the file is the upstream's.
"""

from jobsportal.looking.comparing import Verdict, compare
from jobsportal.looking.findings import Findings
from jobsportal.looking.inside import look

__all__ = ["Findings", "Verdict", "compare", "look"]
