"""Jobs from standard input, one after another, each answered to standard output before the next is read."""

import sys

from dataplane.clients.media.job import Answer, Job, answering, following, unpacked
from dataplane.clients.media.worker import pdf, pictures
from dataplane.clients.media.worker.pictures import Unfit

# What a process may take before the system ends it; whoever started it has less patience with a single job.
MEMORY_BYTES = 1536 * 1024 * 1024
CPU_SECONDS = 30


def main() -> None:
    confine()
    while message := following(sys.stdin.buffer):
        sys.stdout.buffer.write(answering(done(*unpacked(message))))
        sys.stdout.buffer.flush()


def done(job: Job, data: bytes) -> Answer:
    try:
        return Answer(tuple(pdf.read(job, data)) if job.kind == "pdf" else (pictures.recode(job, data),))
    except Unfit as error:
        return Answer(error=str(error))
    except MemoryError:
        return Answer(error="it needs too much memory")


def confine() -> None:
    """Limit what the system gives this process. No dump of it is ever written: it would hold a client's file."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on every system

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
