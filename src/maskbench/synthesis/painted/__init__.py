"""Methods that paint the masked face themselves."""
