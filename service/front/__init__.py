"""The TLS front: takes calls to the names that platforms have built in, with certificates of its own, and passes them on.

It has no secret of the service, no way to Redis, and no key but that of its certificate. `names` says what leads where,
`certificates` makes and reads what it shows, `proxy` passes calls on to the API. For the command line.
"""
