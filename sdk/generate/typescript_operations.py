"""Operations as TypeScript: methods of resources."""

from __future__ import annotations

from .contract import Module, Operation, Resource
from .typescript_names import camel, comment, pascal, typescript

OPTIONS = {"list": "ListOptions", "page": "PageOptions"}


def class_name(resource: Resource) -> str:
    """`JobsResource`."""
    return f"{pascal(resource.name)}Resource"


def resource(module: Module, resource: Resource) -> list[str]:
    """The class of a resource."""
    said = f"`{module.name}`: {resource.name or 'operations of the module itself'}."
    lines = [*comment(said, ""), f"export class {class_name(resource)} {{", "  readonly #client: Client;", ""]
    lines += ["  constructor(client: Client) {", "    this.#client = client;", "  }", ""]
    for name, operation in resource.operations.items():
        lines += method(module, camel(name), operation)
    return [*lines[:-1], "}", ""]


def method(module: Module, name: str, operation: Operation) -> list[str]:
    """A method."""
    parameters = [f"{field.wire}: {typescript(field.type, True)}" for field in operation.path]
    if operation.kind == "upload":
        parameters.append("file: Upload")
    elif operation.body is not None:
        parameters.append(f"body: {typescript(operation.body, True)}")
    if operation.query is not None:
        needed = any(field.required for field in operation.query.fields)
        parameters.append(f"query: {pascal(operation.query.name)}{'' if needed else ' = {}'}")
    parameters.append(f"options: {OPTIONS.get(operation.kind, 'CallOptions')} = {{}}")
    said = [f"`{operation.full}`: {operation.effect}."]
    call = f"this.#client.{operation.kind}({', '.join(arguments(module, operation))})"
    signature = f"  {name}({', '.join(parameters)}): {result(operation)} {{"
    return [*comment(operation.doc, "  ", said), signature, f"    return {call};", "  }", ""]


def result(operation: Operation) -> str:
    """What a method returns."""
    item = typescript(operation.item) if operation.item else "void"
    kinds = {"list": f"Listing<{item}>", "page": f"Promise<Page<{item}>>", "download": "Promise<Download>"}
    return kinds.get(operation.kind, f"Promise<{item}>")


def arguments(module: Module, operation: Operation) -> list[str]:
    """What a method hands on."""
    given = [field.wire for field in operation.path] + (["...query"] if operation.query else [])
    parameters = f"{{ {', '.join(given)} }}" if given else "{}"
    first = [f"'{module.vendor}'", f"'{operation.full}'", parameters]
    if operation.kind == "download":
        return [*first, "options"]
    if operation.kind == "upload":
        return [*first, "file", "options"]
    return [*first, "body" if operation.body is not None else "undefined", "options"]
