"""jack beside what people would use instead, on one machine: ``make bench``. How to read it: docs/performance.rst."""
