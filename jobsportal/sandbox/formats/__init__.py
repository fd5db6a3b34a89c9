"""Files of annotations: "CVAT for images 1.1" and "COCO 1.0", written and read."""
