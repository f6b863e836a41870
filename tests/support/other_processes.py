"""Other processes of the service, each forked from one that has imported it already."""

import multiprocessing

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(
    ["pytest", "interface.cli.main", "application.bootstrap", "application.storage.postgres.copy"]
)
