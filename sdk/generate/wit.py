"""Reads the WIT of `wit/`: interfaces with records, open enums and functions, and their doc comments.

It knows what the contract uses of WIT, and stops at everything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

TOKEN = re.compile(r"(?P<doc>///[^\n]*)|(?P<comment>//[^\n]*)|(?P<word>%?[A-Za-z][\w-]*|\d[\w.+-]*)|(?P<sign>->|[{}()<>,;:=@./_])|(?P<space>\s+)")


@dataclass(frozen=True)
class Type:
    """`option<list<s64>>` is `Type("option", (Type("list", (Type("s64"),)),))`; `_` is `Type("_")`."""

    name: str
    of: tuple[Type, ...] = ()


@dataclass
class Doc:
    """A doc comment, its tags apart from its words."""

    text: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Named:
    """A field, a case or a parameter. A case without a payload has no type."""

    name: str
    type: Type | None
    doc: Doc


@dataclass
class Definition:
    """A record, a variant or an enum; `kind` says which."""

    kind: str
    name: str
    members: list[Named]
    doc: Doc


@dataclass
class Function:
    """A function of an interface."""

    name: str
    parameters: list[Named]
    result: Type | None
    doc: Doc


@dataclass
class Interface:
    """An interface: a module of a vendor."""

    name: str
    doc: Doc
    types: dict[str, Definition] = field(default_factory=dict)
    aliases: dict[str, Type] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)


@dataclass
class Package:
    """A folder of `wit/`."""

    name: str
    version: str
    interfaces: dict[str, Interface]


def read(folder: Path) -> Package:
    """Reads all files of a folder."""
    package = Package("", "", {})
    for file in sorted(folder.glob("*.wit")):
        try:
            Parser(file.read_text(encoding="utf-8")).file(package)
        except SyntaxError as error:
            raise SyntaxError(f"{file}: {error}") from error
    return package


class Parser:
    """A cursor over the tokens of a file."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise SyntaxError(f"what is {text[at : at + 20]!r}?")
            at = found.end()
            if found.lastgroup not in ("space", "comment"):
                self.tokens.append((str(found.lastgroup), found.group()))
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1] if self.at <= len(self.tokens) else ""

    def take(self, text: str) -> bool:
        if self.peek() == text:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise SyntaxError(f"`{text}` expected, not `{self.peek()}`")

    def name(self) -> str:
        return self.next().removeprefix("%")

    def doc(self) -> Doc:
        lines: list[str] = []
        doc = Doc()
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "doc":
            line = self.next()[3:].strip()
            if line.startswith("@"):
                tag, _, value = line[1:].partition(" ")
                doc.tags[tag] = value.strip()
            else:
                lines.append(line)
        doc.text = "\n".join(lines).strip()
        return doc

    def file(self, package: Package) -> None:
        while self.at < len(self.tokens):
            doc = self.doc()
            word = self.next()
            if word == "package":
                package.name, package.version = self.package_name()
            elif word == "interface":
                interface = self.interface(doc)
                package.interfaces[interface.name] = interface
            else:
                raise SyntaxError(f"what is `{word}`?")

    def package_name(self) -> tuple[str, str]:
        words = []
        while not self.take(";"):
            words.append(self.next())
        name, _, version = "".join(words).partition("@")
        return name, version

    def interface(self, doc: Doc) -> Interface:
        interface = Interface(self.name(), doc)
        self.expect("{")
        while not self.take("}"):
            self.item(interface)
        return interface

    def item(self, interface: Interface) -> None:
        doc = self.doc()
        word = self.name()
        if word == "use":
            while not self.take(";"):
                self.next()
        elif word in ("record", "variant", "enum"):
            name = self.name()
            interface.types[name] = Definition(word, name, self.members(), doc)
        elif word == "type":
            name = self.name()
            self.expect("=")
            interface.aliases[name] = self.type()
            self.expect(";")
        else:
            self.expect(":")
            interface.functions.append(self.function(word, doc))

    def members(self) -> list[Named]:
        self.expect("{")
        members = []
        while not self.take("}"):
            doc = self.doc()
            name = self.name()
            ty = None
            if self.take(":"):
                ty = self.type()
            elif self.take("("):
                ty = self.type()
                self.expect(")")
            members.append(Named(name, ty, doc))
            self.take(",")
        return members

    def function(self, name: str, doc: Doc) -> Function:
        self.take("async")
        self.expect("func")
        self.expect("(")
        parameters = []
        while not self.take(")"):
            parameter = self.name()
            self.expect(":")
            parameters.append(Named(parameter, self.type(), Doc()))
            self.take(",")
        result = self.type() if self.take("->") else None
        self.expect(";")
        return Function(name, parameters, result, doc)

    def type(self) -> Type:
        name = self.name()
        of = []
        if self.take("<"):
            while not self.take(">"):
                of.append(self.type())
                self.take(",")
        return Type(name, tuple(of))
