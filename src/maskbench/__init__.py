"""maskbench: one reproducible experiment out of four papers that put masks on faces."""

import os

__version__ = "0.1.0"

# pyarrow's own allocator keeps what a table took; the system's gives it back.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
