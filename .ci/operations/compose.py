"""`compose.py DEPLOY DOCS SPIN`: what deploy/compose.yaml and deploy/spinkube name is there: settings, secrets, files, variables of the manifest, and
fields that the resource has."""

import pathlib
import re
import sys
import tomllib

import yaml

# The fields of a SpinApp (core.spinkube.dev/v1alpha1): others are dropped by the cluster without an error.
PROBE = {"httpGet": {"path": str, "httpHeaders": list}, "initialDelaySeconds": int, "periodSeconds": int, "timeoutSeconds": int,
         "successThreshold": int, "failureThreshold": int}
SPIN_APP = {
    "image": str, "executor": str, "replicas": int, "enableAutoscaling": bool, "components": list, "imagePullSecrets": list,
    "checks": {"liveness": PROBE, "readiness": PROBE}, "resources": {"limits": dict, "requests": dict},
    "podLabels": dict, "podAnnotations": dict, "serviceAnnotations": dict, "deploymentAnnotations": dict,
    "runtimeConfig": dict, "variables": list, "volumes": list, "volumeMounts": list,
}


def fits(value, fields, place):
    """Fails at a field that there is not, and at one of another kind."""
    if isinstance(fields, type):
        assert type(value) is fields, f"{place} is no {fields.__name__}"
        return
    for name, inner in value.items():
        assert name in fields, f"{place}.{name} is no field"
        fits(inner, fields[name], f"{place}.{name}")


def spin_app(file, manifest):
    app = yaml.safe_load(file.read_text())
    assert (app["apiVersion"], app["kind"]) == ("core.spinkube.dev/v1alpha1", "SpinApp")
    spec = app["spec"]
    fits(spec, SPIN_APP, "spec")
    assert {"image", "executor"} <= spec.keys()
    # Replicas cannot be set where an autoscaler sets them.
    assert not (spec.get("enableAutoscaling") and "replicas" in spec)
    known = tomllib.loads(manifest.read_text())["variables"]
    for variable in spec["variables"]:
        assert variable["name"] in known, f"{variable['name']} is no variable of {manifest}"
        assert isinstance(variable.get("value", ""), str), variable
        # A secret is never a value.
        assert not known[variable["name"]].get("secret") or "valueFrom" in variable, variable
    return len(spec["variables"])


def compose(file, known):
    stack = yaml.safe_load(file.read_text())
    services, secrets = stack["services"], stack["secrets"]
    for name, service in services.items():
        for used in service.get("secrets", []):
            assert (used if isinstance(used, str) else used["source"]) in secrets, f"{name}: {used} is no secret"
        for mounted in service.get("volumes", []):
            source = mounted.split(":")[0]
            there = (file.parent / source).exists() if source.startswith(".") else source in stack["volumes"]
            assert there, f"{name}: {source} is not there"
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port} is open to others"
        for other in service.get("depends_on", {}):
            assert other in services
    gateway = services["penstock"]
    for name, value in gateway["environment"].items():
        assert {name, name.removesuffix("_FILE")} & known, f"{name} is no setting"
        if name.endswith("_FILE"):
            assert value.removeprefix("/run/secrets/") in gateway["secrets"], f"{name}: {value}"
    assert gateway["read_only"] and gateway["cap_drop"] == ["ALL"] and gateway["user"] != "0"
    return len(services), len(gateway["environment"])


def main():
    deploy, docs, manifest = (pathlib.Path(argument) for argument in sys.argv[1:4])
    known = "".join((docs / name).read_text() for name in ("settings.md", "spin.md", "state.md", "gateway.md"))
    known = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", known))
    services, variables = compose(deploy / "compose.yaml", known)
    ours = spin_app(deploy / "spinkube/spinapp.yaml", manifest)
    print(f"compose: {services} services, {variables} settings; SpinApp: {ours} variables, no field that is none")


main()
