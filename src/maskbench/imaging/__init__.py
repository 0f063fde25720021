"""Pictures as arrays and tensors: size, random geometry and light, once for all."""
