"""What runs beside the API: judging comments, telling platforms, keeping house. Each is one coroutine with a stop event."""
