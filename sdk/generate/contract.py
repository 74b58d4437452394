"""What the WIT of a vendor means: modules, resources, operations, and how the vendor spells names.

The rules are those of `docs/catalogue.md`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from . import wit

# What a function without a resource of its own may do to one: `sessions-get` makes `sessions` a resource.
VERBS = ("page", "list", "get", "create", "update", "delete", "search")

SPELLINGS = {
    "twoWords": lambda words: words[0] + "".join(map(str.capitalize, words[1:])),
    "TwoWords": lambda words: "".join(map(str.capitalize, words)),
    "two_words": "_".join,
    "TWO_WORDS": lambda words: "_".join(words).upper(),
}


@dataclass
class Field:
    """A field of a record, or a parameter of a query."""

    name: str
    wire: str
    type: wit.Type
    required: bool
    doc: str


@dataclass
class Record:
    """A record of a module, without its `extra`."""

    name: str
    doc: str
    fields: list[Field]
    # Whether it keeps, or sends, what the contract does not know.
    extra: bool


@dataclass
class OpenEnum:
    """Texts of which the contract knows some: the vendor's spelling, and what each says."""

    name: str
    doc: str
    cases: list[tuple[str, str]]


@dataclass
class Operation:
    """A function of a module.

    `kind` is `list`, `page`, `one`, `download` or `upload`; `item` is the type of a record, or of the one answer
    (none if there is none).
    """

    name: str
    # `jpm.jobs-list`: what the component calls it.
    full: str
    kind: str
    doc: str
    # What it does to the vendor's data.
    effect: str
    path: list[Field]
    query: Record | None
    body: wit.Type | None
    item: wit.Type | None


@dataclass
class Resource:
    """`titan.jpm.jobs`: operations by the name of their method. The one without a name is the module's own."""

    name: str
    operations: dict[str, Operation]


@dataclass
class Module:
    """An interface of a vendor."""

    vendor: str
    name: str
    doc: str
    records: dict[str, Record]
    enums: dict[str, OpenEnum]
    resources: list[Resource]


@dataclass
class Vendor:
    """A package of `wit/`."""

    name: str
    doc: str
    version: str
    modules: list[Module]


def vendors(root: Path) -> list[Vendor]:
    """Reads the vendors of a tree."""
    return [vendor(root / "wit" / name) for name in ("servicetitan", "asleep")]


def vendor(folder: Path) -> Vendor:
    """Reads a vendor."""
    package = wit.read(folder)
    name = package.name.removeprefix("penstock:")
    modules = [Reader(name, interface).module() for interface in package.interfaces.values()]
    return Vendor(name, "", package.version, modules)


class Reader:
    """Reads a module."""

    def __init__(self, vendor: str, interface: wit.Interface) -> None:
        self.vendor, self.interface = vendor, interface
        tags = interface.doc.tags
        self.spell_field = SPELLINGS[tags.get("fields", "twoWords")]
        self.spell_case = SPELLINGS[tags.get("cases", "TwoWords")]
        self.records: dict[str, Record] = {}
        self.enums: dict[str, OpenEnum] = {}
        self.pages: dict[str, wit.Type] = {}

    def module(self) -> Module:
        for definition in self.interface.types.values():
            self.definition(definition)
        functions = self.interface.functions
        routes = {function.name: route(function) for function in functions}
        operations = [self.operation(function, functions, routes) for function in functions]
        doc = self.interface.doc.text.split("\n\n")[0]
        name = self.interface.name
        return Module(self.vendor, name, doc, self.records, self.enums, resources(operations, routes))

    def definition(self, definition: wit.Definition) -> None:
        if definition.kind == "variant":
            known = [case for case in definition.members if case.type is None]
            cases = [(case.doc.tags.get("wire", self.spell_case(case.name.split("-"))), case.doc.text) for case in known]
            self.enums[definition.name] = OpenEnum(definition.name, definition.doc.text, cases)
            return
        fields = {member.name: member for member in definition.members}
        info = fields.get("info")
        if info is not None and info.type == wit.Type("page-info"):
            self.pages[definition.name] = typed(fields["items"]).of[0]
            return
        extra = definition.members[-1:] and definition.members[-1].name == "extra"
        members = definition.members[:-1] if extra else definition.members
        record = Record(definition.name, definition.doc.text, [self.field(member) for member in members], bool(extra))
        self.records[definition.name] = record

    def field(self, member: wit.Named) -> Field:
        ty = typed(member)
        wire = member.doc.tags.get("wire", self.spell_field(member.name.split("-")))
        required = "required" in member.doc.tags or ty.name not in ("option", "list")
        return Field(member.name, wire, ty, required, member.doc.text)

    def operation(
        self, function: wit.Function, functions: list[wit.Function], routes: dict[str, tuple[str, str] | None]
    ) -> Operation:
        kind, item = self.result(function)
        base = origin(function, functions)
        http = routes[base.name]
        if http is None:
            raise SyntaxError(f"{function.name} has neither @http nor @variant-of")
        names = [name for name in re.findall(r"{(\w+)}", http[1]) if name != "tenant"]
        path: list[Field] = []
        query = body = None
        for parameter in function.parameters:
            ty = typed(parameter)
            if parameter.name == "query":
                query = self.records[ty.name]
            elif parameter.name == "body":
                body = ty
                kind = "upload" if ty.name == "upload" else kind
            elif parameter.name not in ("page", "options"):
                path.append(Field(parameter.name, names[len(path)], ty, True, ""))
        full = f"{self.interface.name}.{function.name}"
        effect = base.doc.tags.get("effect", "read")
        return Operation(function.name, full, kind, function.doc.text, effect, path, query, body, item)

    def result(self, function: wit.Function) -> tuple[str, wit.Type | None]:
        result = function.result
        if result is None:
            raise SyntaxError(f"{function.name} has no result")
        if result.name == "tuple":
            return "list", result.of[0].of[0]
        ok = result.of[0]
        if ok.name == "_":
            return "one", None
        if ok.name == "tuple":
            return "one", ok.of[0]
        if ok.name == "download":
            return "download", None
        if ok.name in self.pages:
            return "page", self.pages[ok.name]
        return "one", ok


def typed(member: wit.Named) -> wit.Type:
    if member.type is None:
        raise SyntaxError(f"{member.name} has no type")
    return member.type


def route(function: wit.Function) -> tuple[str, str] | None:
    """Method and path, if the function has any of its own."""
    tags = function.doc.tags
    line = tags.get("http", tags.get("composed"))
    if line is None:
        return None
    method, _, path = line.partition(" ")
    return method, path


def origin(function: wit.Function, functions: list[wit.Function]) -> wit.Function:
    """The function that asks the same endpoint and says how."""
    tags = function.doc.tags
    if "all" not in tags and ("http" in tags or "variant-of" not in tags):
        return function
    base = tags.get("all", tags.get("variant-of"))
    return origin(next(other for other in functions if other.name == base), functions)


def resources(operations: list[Operation], routes: dict[str, tuple[str, str] | None]) -> list[Resource]:
    """Groups a module's operations: by the first segment of their paths where their names begin with one, else by
    the shortest beginning that is followed by a verb alone."""
    segments = {path.split("{tenant}/")[-1].lstrip("/").split("/")[0] for _, path in filter(None, routes.values())}
    verbs = {operation.name.rpartition("-")[0] for operation in operations if operation.name.rpartition("-")[2] in VERBS}
    found: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        begins = [name for name in segments if operation.name.startswith(f"{name}-")]
        if not begins:
            begins = sorted((name for name in verbs if operation.name.startswith(f"{name}-")), key=len)[:1]
        resource = max(begins, key=len, default="")
        method = operation.name[len(resource) + 1 :] if resource else operation.name
        if operation.name in segments:
            resource, method = operation.name, "get"
        found.setdefault(resource, {})[method] = operation
    return [Resource(name, methods) for name, methods in found.items()]
