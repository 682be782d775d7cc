"""From a friend's disk to the completed folder: queue, job, sink, meter."""
