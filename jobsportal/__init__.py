"""Jobs Portal: a web admin for the annotation jobs of a CVAT server."""
