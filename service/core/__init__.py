"""The domain: values and rules. No I/O, no clock, no environment; time and ids come in as arguments."""
