"""Program: Sail's server alone; says its port, then whenever it has grown, ends with its parent.

Arguments: megabytes of memory from which on it says so.
"""

import os
import resource
import sys
import threading
import time
from pathlib import Path

GROWN = "grown"
_EVERY_S = 1.0


def resident_bytes() -> int:
    """Memory of this process now; where the system does not say, the most it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most << 10


def _watch(most_bytes: int) -> None:
    while resident_bytes() < most_bytes:
        time.sleep(_EVERY_S)
    print(GROWN, flush=True)


def main() -> None:
    """Serve until standard input ends, which it does when the parent does."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer()
    server.start(background=True)
    print(server.listening_address[1], flush=True)
    threading.Thread(target=_watch, args=(int(sys.argv[1]) << 20,), daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
