"""`metrics.py PROGRAM DEPLOY`: a real Prometheus scrapes a gateway, knows every metric of the dashboard and of the alerts, and has data for
each query."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import sys
import urllib.parse

from processes import Programs, free_port, get, until

KEY = "pk_of_the_scraper_0123456789"
# Nothing of it has happened, or a setting that is not set would say it.
MAY_BE_EMPTY = ("penstock_retries_total", "penstock_gateway_refusals_total")


def queries(deploy):
    """The queries of the dashboard, and the expressions of the alerts."""
    dashboard = json.loads((deploy / "grafana/penstock.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".+")


def alerts(deploy):
    rules = (deploy / "prometheus/penstock.rules.yaml").read_text()
    return set(re.findall(r"\bpenstock_[a-z_]+", re.sub(r"(?m)^\s*#.*$", "", rules)))


def main():
    program, deploy = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    with Programs() as programs:
        environment = dict(
            os.environ,
            PENSTOCK_API_KEY_HASH="sha256:" + hashlib.sha256(KEY.encode()).hexdigest(),
            SERVICETITAN_CREDENTIALS_ISSUED_AT="2026-01-01",
            # Nobody waits at that address, and nothing is ever sent there: there is an outbox, and it is empty.
            PENSTOCK_WEBHOOK_DESTINATIONS=json.dumps([{
                "name": "nobody", "url": "https://nobody.invalid/",
                "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}]),
            PENSTOCK_STATE_SECRET="0123456789abcdef0123456789abcdef",
            # As the embedding says it where there is a secret manager.
            PENSTOCK_SECRET_SOURCE=json.dumps({"manager": "none", "ageSeconds": 1}),
            LOG_LEVEL="error",
        )
        state = str(programs.folder / "state.db")
        _, url = programs.gateway(
            program, ["--listen", "127.0.0.1:0", "--jobs", "200", "--state", state], environment)
        key = {"X-API-Key": KEY}
        for path in ("jpm/jobs?pageSize=5", "jpm/jobs/1", "jpm/job-types?pageSize=5", "settings/business-units"):
            get(f"{url}/v1/servicetitan/default/{path}", key)
        status, page = get(f"{url}/metrics", key)
        assert status == 200, page
        for name in sorted(alerts(deploy)):
            if not name.startswith(MAY_BE_EMPTY):
                assert re.search(rf"(?m)^{name}[ {{]", page), f"{name} of the alerts is no metric of the gateway"
        port = free_port()
        for name in ("prometheus.yaml", "penstock.rules.yaml"):
            shutil.copy(deploy / "prometheus" / name, programs.folder / name)
        (programs.folder / "key").write_text(KEY)
        config = programs.folder / "prometheus.yaml"
        text = config.read_text().replace("/etc/prometheus/penstock-api-key", "key")
        text = text.replace("penstock:3000", url.removeprefix("http://")).replace("15s", "1s")
        config.write_text(text)
        programs.start(["prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data",
                        f"--web.listen-address=127.0.0.1:{port}"])
        origin = f"http://127.0.0.1:{port}"

        def ask(query):
            status, answer = get(f"{origin}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
            return json.loads(answer) if status in (200, 400, 422) else {"status": answer}

        def result(query):
            return ask(query).get("data", {}).get("result", [])

        until("a scrape", lambda: result('count_over_time(up{job="penstock"}[1m]) > 4 and up == 1'), 60)
        for path in ("jpm/jobs?pageSize=5", "jpm/job-types?pageSize=5"):
            get(f"{url}/v1/servicetitan/default/{path}", key)
        until("another scrape", lambda: result('count_over_time(up{job="penstock"}[1m]) > 8'), 60)
        empty = 0
        for title, query in queries(deploy):
            answer = ask(query)
            assert answer["status"] == "success", f"{title}: {query}: {answer}"
            if not answer["data"]["result"]:
                assert any(name in query for name in MAY_BE_EMPTY), f"{title}: no data: {query}"
                empty += 1
        def rules():
            _, answer = get(f"{origin}/api/v1/rules")
            return [rule for group in json.loads(answer)["data"]["groups"] for rule in group["rules"]]

        until("evaluation", lambda: rules() and all(rule["health"] != "unknown" for rule in rules()), 30)
        bad = [rule for rule in rules() if rule["health"] != "ok"]
        assert not bad, bad
        firing = {series["metric"]["alertname"] for series in result('ALERTS{alertstate="firing"}')}
        assert firing <= {"PenstockCredentialsOld"}, firing
        print(f"{len(list(queries(deploy)))} queries answered, {empty} of what has not happened; {len(rules())} rules are well")


main()
