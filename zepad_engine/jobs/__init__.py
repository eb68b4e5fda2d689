"""Heavy work as jobs: pure functions of a plan and files, run by worker processes of one torch thread each."""
