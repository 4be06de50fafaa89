"""``python -m tests.chaos``: a big storm by hand; prints its figures as JSON."""

import argparse
import json

from tests.chaos.proof import prove
from tests.chaos.servers import SERVERS, folder_for_all


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--database", choices=SERVERS, default="postgres")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--storm", type=float, default=600, help="seconds, if runs go on so long")
    parser.add_argument("--patience", type=float, default=900, help="seconds until a run is lost")
    arguments = parser.parse_args()
    server_kind = SERVERS[arguments.database]
    with folder_for_all() as folder, server_kind.started(folder / "server") as server:
        figures = prove(
            server,
            folder,
            arguments.runs,
            arguments.seed,
            arguments.patience,
            arguments.storm,
        )
    print(json.dumps({"database": arguments.database, **figures}, indent=2))


if __name__ == "__main__":
    main()
