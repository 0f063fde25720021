"""What every training shares: state, checkpoints, devices, progress."""
