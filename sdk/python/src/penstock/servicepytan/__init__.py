"""The names of ServicePytan, over Penstock: a script moves by changing an import.

    from penstock.servicepytan import servicepytan_connect, Endpoint, Report, DataService

What they return has the vendor's shape, as it had: texts for times, numbers for money (also where the vendor writes
them as texts, as in `accounting`), None for what is not there.
Exact money, typed records and resuming are in :class:`penstock.ServiceTitan`, which `client(conn)` gives.
"""

from ._connection import HTTPError, client, servicepytan_connect
from ._data import DataService
from ._endpoint import Endpoint
from ._report import Report, get_dynamic_set_list, get_report_categories, get_report_list

__all__ = [
    "DataService",
    "Endpoint",
    "HTTPError",
    "Report",
    "client",
    "get_dynamic_set_list",
    "get_report_categories",
    "get_report_list",
    "servicepytan_connect",
]
