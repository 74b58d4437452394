"""Answers of the gateway against its description, and a generated Python client against both.

usage: check.py DOCUMENT ANSWERS CLIENT: the document, lines of JSON `{"schema": ..., "value": ...}` whose
schemas are the document's, and the folder of the generated package.
"""

import importlib
import json
import pathlib
import pkgutil
import sys

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

METHODS = ("get", "post", "put", "patch", "delete")
NAME = "urn:penstock:openapi"


def absolute(schema):
    """The schema with references into the document."""
    if isinstance(schema, dict):
        return {
            key: NAME + value if key == "$ref" else absolute(value) for key, value in schema.items()
        }
    return [absolute(one) for one in schema] if isinstance(schema, list) else schema


def check_answers(document, lines):
    """Each answer is what its schema says."""
    resource = Resource(contents=document, specification=DRAFT202012)
    registry = Registry().with_resource(NAME, resource)
    validators, count = {}, 0
    for line in lines:
        answer = json.loads(line)
        key = json.dumps(answer["schema"])
        if key not in validators:
            schema = absolute(answer["schema"])
            validators[key] = Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
        validators[key].validate(answer["value"])
        count += 1
    if count < 1000:
        sys.exit(f"only {count} answers")
    print(f"{count} answers of {len(validators)} schemas fit")


def check_client(document, folder):
    """Every operation has a function, and all of the package can be imported."""
    sys.path.insert(0, str(folder.parent))
    package = importlib.import_module(folder.name)
    modules = [one.name for one in pkgutil.walk_packages(package.__path__, folder.name + ".")]
    functions = 0
    for name in modules:
        module = importlib.import_module(name)
        functions += ".api." in name and hasattr(module, "sync_detailed")
    operations = sum(method in item for item in document["paths"].values() for method in METHODS)
    if functions != operations:
        sys.exit(f"{functions} functions for {operations} operations")
    print(f"{len(modules)} modules imported, {functions} operations")


if __name__ == "__main__":
    description, answers, client = map(pathlib.Path, sys.argv[1:])
    parsed = json.loads(description.read_text())
    with answers.open() as given:
        check_answers(parsed, given)
    check_client(parsed, client.resolve())
