"""A script of ServicePytan's, after the change of one line: the import."""

from penstock.servicepytan import DataService, Endpoint, Report, servicepytan_connect


def main() -> None:
    conn = servicepytan_connect()
    jobs = Endpoint("jpm", "jobs", conn)
    print(len(jobs.get_all({"jobStatus": "Completed", "completedOnOrAfter": "2025-04-01T00:00:00Z"})), "completed jobs")
    print(len(DataService(conn).get_technicians()), "technicians")
    report = Report("operations", 101, conn)
    report.add_params("From", "2025-04-01")
    report.add_params("To", "2025-04-08")
    print(len(report.get_all_data()["data"]), "rows")


if __name__ == "__main__":
    main()
