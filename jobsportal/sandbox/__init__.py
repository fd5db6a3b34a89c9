"""The sandbox: an embedded stand-in for the upstream Jobs API, for the demo and for all tests.

It is a server of its own, reached over HTTP like the real one, and knows nothing of the rest of the portal:
if both shared code, both could be wrong together. Django appears only in `apps.py` and the command.
"""

from .server import Call, Sandbox

__all__ = ["Call", "Sandbox"]
