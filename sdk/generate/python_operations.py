"""Operations as Python: methods of resources, for calls that block and for asyncio."""

from __future__ import annotations

from . import wit
from .contract import Field, Module, Operation, Resource
from .python_names import accepted, doc, pascal, python, reader, snake

# What every method has beside the parameters of its operation.
OWN = {
    "list": ["resume: str | None = None", "progress: bool = False", "options: CallOptions | None = None"],
    "page": [
        "page: int | None = None",
        "page_size: int | None = None",
        "include_total: bool = False",
        "resume: str | None = None",
        "options: CallOptions | None = None",
    ],
    "upload": [
        "file_name: str",
        "content_type: str | None = None",
        "length: int | None = None",
        "options: CallOptions | None = None",
    ],
}
OPTIONS = ["options: CallOptions | None = None"]

SAID = {
    "resume": "goes on where an earlier read stopped: `end.resume`, or `resume` of the exception",
    "progress": "shows a bar, if `tqdm` is installed",
    "page": "the page's number, from 1",
    "page_size": "records a page",
    "include_total": "asks for the number of records in all, which costs the vendor time",
    "file": "bytes, a path, a file that is open for reading bytes, or an iterable of bytes",
    "file_name": "the name that the vendor shall give it",
    "content_type": "its media type",
    "length": "how many bytes it has, if that is known",
    "options": "how the call is made",
}


def resource(module: Module, resource: Resource, asynchronous: bool) -> list[str]:
    """The class of a resource."""
    name = class_name(resource, asynchronous)
    client = "_AsyncClient" if asynchronous else "_Client"
    lines = [f"class {name}:", f'    """`{module.name}`: {resource.name or "operations of the module itself"}."""', ""]
    lines += ['    __slots__ = ("_client",)', "", f"    def __init__(self, client: {client}) -> None:"]
    lines += ["        self._client = client", ""]
    for method, operation in resource.operations.items():
        lines += self_method(module, snake(method), operation, asynchronous)
    return [*lines, ""]


def class_name(resource: Resource, asynchronous: bool) -> str:
    """`JobsResource`, `AsyncJobsResource`."""
    return f"{'Async' if asynchronous else ''}{pascal(resource.name)}Resource"


def self_method(module: Module, method: str, operation: Operation, asynchronous: bool) -> list[str]:
    """A method."""
    positional = [f"{snake(field.name)}: {python(field.type)}" for field in operation.path]
    if operation.kind == "upload":
        positional.append("file: Source")
    elif operation.body is not None:
        positional.append(f"body: {body_type(operation.body, module)}")
    query = operation.query.fields if operation.query else []
    own = OWN.get(operation.kind, OPTIONS)
    clash = {snake(field.name) for field in query} & {text.split(":")[0] for text in own}
    if clash:
        raise SyntaxError(f"{operation.full}: {clash} would be two things")
    required = [f"{snake(field.name)}: {accepted(field.type)}" for field in query if field.required]
    optional = [f"{snake(field.name)}: {accepted(field.type)} = {'None' if field.type.name == 'option' else '()'}" for field in query if not field.required]
    parameters = ", ".join(["self", *positional, "*", *required, *(own if operation.kind != "upload" else []), *optional, *(own if operation.kind == "upload" else [])])
    waits = asynchronous and operation.kind != "list"
    lines = [f"    {'async ' if waits else ''}def {method}({parameters}) -> {result(operation, asynchronous)}:"]
    lines += doc(operation.doc, "        ", said(operation, query, own))
    call = f"self._client._{operation.kind}({', '.join(arguments(module, operation, query))})"
    call = f"{'await ' if waits else ''}{call}"
    if operation.kind == "one" and reader(operation.item, module) == "_same":
        return [*lines, f"        value: {result(operation, asynchronous)} = {call}", "        return value", ""]
    return [*lines, f"        return {call}", ""]


def said(operation: Operation, query: list[Field], own: list[str]) -> list[str]:
    """What the doc string says of the parameters, and how the component calls the operation."""
    names = [text.split(":")[0] for text in own]
    lines = [f"- `{snake(field.name)}`: {field.doc}" for field in query if field.doc]
    lines += [f"- `{name}`: {SAID[name]}" for name in (["file"] if operation.kind == "upload" else []) + names]
    return [*lines, "", f"`{operation.full}`: {operation.effect}."]


def body_type(ty: wit.Type, module: Module) -> str:
    """What a body may be given as."""
    return f"{accepted(ty)} | Mapping[str, Any]" if ty.name in module.records else accepted(ty)


def result(operation: Operation, asynchronous: bool) -> str:
    """What a method returns."""
    item = python(operation.item) if operation.item else "None"
    prefix = "Async" if asynchronous else ""
    kinds = {"list": f"{prefix}Listing[{item}]", "page": f"Page[{item}]", "download": f"{prefix}Download"}
    return kinds.get(operation.kind, item)


def arguments(module: Module, operation: Operation, query: list[Field]) -> list[str]:
    """What a method hands on."""
    pairs = [f'("{field.wire}", {snake(field.name)})' for field in [*operation.path, *query]]
    parameters = f"({', '.join(pairs)},)" if pairs else "()"
    read = reader(operation.item, module)
    first = [f'"{operation.full}"', parameters]
    body = "body" if operation.body is not None and operation.kind != "upload" else "None"
    if operation.kind == "list":
        return [*first, body, read, row(operation.item, module), "resume", "progress", "options"]
    if operation.kind == "page":
        return [*first, body, read, "page", "page_size", "include_total", "resume", "options"]
    if operation.kind == "download":
        return [*first, "options"]
    if operation.kind == "upload":
        return [*first, read, "file", "file_name", "content_type", "length", "options"]
    return [*first, body, read, "options"]


def row(ty: wit.Type | None, module: Module) -> str:
    """The data class of a record, for tables; none for what has no shape."""
    return pascal(ty.name) if ty is not None and ty.name in module.records else "None"

