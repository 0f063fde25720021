"""Where pictures come from: one module a data set, one registry."""
