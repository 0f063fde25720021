"""maskbench: one reproducible experiment out of four papers that put masks on faces."""

__version__ = "0.1.0"
