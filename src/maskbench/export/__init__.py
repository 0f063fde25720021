"""What others read: pictures in their formats, and a run to publish."""
