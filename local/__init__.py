"""What a laptop needs around the functions: the emulator suite, the provider doubles, the scheduler, set-up."""
