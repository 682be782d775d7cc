"""``python -m jackd`` is the command ``jack``."""

import sys

from jackd.ops.cli import main

sys.exit(main())
