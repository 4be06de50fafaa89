"""Numbers about the gateway in Prometheus' text format."""

from collections import Counter
from collections.abc import Iterable

from gateway.pool import Pool


class Metrics:
    """Counts the calls; the processes are counted when asked."""

    def __init__(self) -> None:
        self._calls: Counter[tuple[str, int]] = Counter()

    def count_call(self, label: str, status: int) -> None:
        """Notes an ended call of ``app/function``; 499 is a caller that went away."""
        self._calls[label, status] += 1

    def text(self, pools: Iterable[Pool]) -> str:
        lines = [
            "# HELP fn_calls_total Ended calls by function and status.",
            "# TYPE fn_calls_total counter",
            *(
                f'fn_calls_total{{{_function(label)},status="{status}"}} {count}'
                for (label, status), count in sorted(self._calls.items())
            ),
            "# HELP fn_processes Function processes by state.",
            "# TYPE fn_processes gauge",
        ]
        waiting = [
            "# HELP fn_calls_waiting Calls that wait for a process.",
            "# TYPE fn_calls_waiting gauge",
        ]
        for pool in sorted(pools, key=lambda pool: pool.runtime.label):
            function = _function(pool.runtime.label)
            states = {"busy": len(pool.busy), "idle": len(pool.idle), "starting": pool.starting}
            lines += [f'fn_processes{{{function},state="{s}"}} {n}' for s, n in states.items()]
            waiting.append(f"fn_calls_waiting{{{function}}} {pool.waiting}")
        return "\n".join([*lines, *waiting, ""])


def _function(label: str) -> str:
    app, _, name = label.partition("/")
    return f'app="{app}",fn="{name}"'
