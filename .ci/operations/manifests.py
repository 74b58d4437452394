"""`manifests.py DEPLOY DOCS FILE...`: what the manifests set is a setting, what they pass is an option, and runbook links lead somewhere."""

import pathlib
import re
import sys

import yaml

# Of the machine, and not of ours.
OTHERS = {"XDG_CACHE_HOME"}


def anchors(text):
    for heading in re.findall(r"(?m)^#+ (.+)$", text):
        yield re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def main():
    deploy, docs = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    known = "".join((docs / name).read_text() for name in ("settings.md", "spin.md", "state.md", "gateway.md"))
    known = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", known))
    variables = 0
    for file in sys.argv[3:]:
        for document in yaml.safe_load_all(pathlib.Path(file).read_text()):
            if not document or document["kind"] != "Deployment":
                continue
            for container in document["spec"]["template"]["spec"]["containers"]:
                for variable in container["env"]:
                    name = variable["name"]
                    assert name in OTHERS or {name, name.removesuffix("_FILE")} & known, f"{name} is no setting"
                    variables += 1
    runbook = set(anchors((docs / "runbook.md").read_text()))
    rules = yaml.safe_load((deploy / "prometheus/penstock.rules.yaml").read_text())
    links = [rule["annotations"]["runbook"] for group in rules["groups"] for rule in group["rules"]]
    for link in links:
        assert link.removeprefix("docs/runbook.md#") in runbook, f"{link} leads nowhere"
    print(f"{variables} variables are settings, {len(links)} alerts lead to the runbook")


main()
