import json
import time

started = time.perf_counter()


def tell(rejected: int) -> None:
    """Prints what the process has used, as one JSON object."""
    seconds = time.perf_counter() - started
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "peakMiB": peak / 1024, "rejected": rejected}))
