"""HTTP: one sub-app per dialect, each with its own authentication and error format. Composed by `service.app`."""
