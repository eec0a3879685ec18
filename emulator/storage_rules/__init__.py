"""The child process that the emulator suite's Storage emulator asks about its rules."""
