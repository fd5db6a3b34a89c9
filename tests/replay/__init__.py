"""Recorded exchanges with real servers, asked again of the sandbox, and compared by their shape."""
