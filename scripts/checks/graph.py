"""The target graph: what Package.swift declares and what files import, against scripts/target-graph.json."""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from .code_text import code_lines
from .finding import Finding, relative, swift_files

TABLE = "scripts/target-graph.json"
_IMPORT = re.compile(
    r"^\s*(?P<modifiers>(?:@\w+\s+)*(?:public\s+|package\s+|internal\s+|fileprivate\s+|private\s+)?)"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(?P<module>\w+)"
)


class Graph:
    """Package.swift as the package manager understands it, and the table of what is allowed."""

    def __init__(self, root: Path):
        self.root = root
        table = json.loads((root / TABLE).read_text())
        self.bindings: dict[str, list[str]] = table["bindings"]
        self.products: dict[str, list[str]] = table["products"]
        self.system: dict[str, list[str]] = table["system"]
        self.layers: dict[str, list[str]] = {layer["target"]: layer["may_use"] for layer in table["layers"]}
        self.benchmarks: list[str] = table["benchmarks"]
        self.untested: list[str] = table["tested_end_to_end_only"] + self.benchmarks

    @cached_property
    def declared(self) -> dict[str, dict]:
        command = ["swift", "package", "dump-package"]
        dumped = subprocess.run(command, cwd=self.root, capture_output=True, text=True)
        if dumped.returncode != 0:
            raise SystemExit(f"Package.swift cannot be read:\n{dumped.stderr.strip()}")
        return {target["name"]: target for target in json.loads(dumped.stdout)["targets"]}

    def dependencies(self, target: str) -> list[str]:
        """Names of the targets and products that `target` declares."""
        return [next(iter(entry.values()))[0] for entry in self.declared[target]["dependencies"]]

    def of_type(self, *types: str) -> list[str]:
        return [name for name, target in self.declared.items() if target["type"] in types]

    def allowed(self, target: str) -> set[str]:
        special = (name for group in (self.bindings, self.products) for name, users in group.items() if target in users)
        return {*self.layers.get(target, []), *special}

    def home(self, target: str) -> str:
        """Where the files of a target belong."""
        if self.declared[target]["type"] == "test":
            return f"Tests/{target}"
        return f"Benchmarks/{target}" if target in self.benchmarks else f"Sources/{target}"

    def line(self, name: str) -> int:
        """Where Package.swift first names a target."""
        lines = (self.root / "Package.swift").read_text().splitlines()
        return next((number for number, line in enumerate(lines, 1) if f'"{name}"' in line), 1)

    # The table itself

    def order(self) -> Iterator[Finding]:
        """One-way: each layer of the table uses only those before it."""
        seen: set[str] = set()
        for target, uses in self.layers.items():
            for used in uses:
                if used not in seen:
                    what = f"{target} may use {used}, which does not stand before it"
                    yield Finding(TABLE, 1, what, "dependencies go one way, from the bottom up")
            seen.add(target)

    # Package.swift

    def targets(self) -> Iterator[Finding]:
        declared = set(self.of_type("regular", "executable"))
        for name in sorted(declared ^ set(self.layers)):
            where = "only in Package.swift" if name in declared else f"only in {TABLE}"
            yield Finding("Package.swift", self.line(name), f"target {name} is {where}", "keep the two in step")
        folders = {f"{top}/{folder.name}" for top in ("Sources", "Benchmarks") for folder in self._folders(top)}
        homes = {self.home(name): name for name in declared}
        for folder in sorted(folders ^ set(homes)):
            what = f"{folder} has no target" if folder in folders else f"target {homes[folder]} has no folder {folder}"
            line = self.line(homes.get(folder, folder))
            yield Finding("Package.swift", line, what, "one folder for each target, of the same name")
        for name in sorted(declared & set(self.layers)):
            for used in self.dependencies(name):
                if used not in self.allowed(name):
                    what = f"{name} must not depend on {used}"
                    remedy = f"turn the dependency around, or change the design and {TABLE} first"
                    yield Finding("Package.swift", self.line(name), what, remedy)

    def _folders(self, top: str) -> Iterator[Path]:
        """Those with Swift in them; all of them below Sources."""
        for folder in (self.root / top).iterdir():
            if folder.is_dir() and (top == "Sources" or any(folder.glob("*.swift"))):
                yield folder

    def tests(self) -> Iterator[Finding]:
        declared = set(self.of_type("test"))
        for target in self.layers:
            name = f"{target}Tests"
            has_files = any(swift_files(self.root, f"Tests/{name}"))
            if target not in self.untested and not (name in declared and has_files):
                what = f"{target} has no tests in Tests/{name}"
                yield Finding("Package.swift", self.line(target), what, "write them, and declare the test target")
        folders = {folder.name for folder in (self.root / "Tests").iterdir() if folder.name.endswith("Tests")}
        for name in sorted(folders - declared):
            yield Finding(f"Tests/{name}", 1, "this folder has no test target", "declare it in Package.swift")

    # The files

    def imports(self) -> Iterator[Finding]:
        for target in self.of_type("regular", "executable", "test"):
            for file in swift_files(self.root, self.home(target)):
                yield from self._imports_of(file, target)

    def _imports_of(self, file: Path, target: str) -> Iterator[Finding]:
        name = relative(self.root, file)
        is_test = name.startswith("Tests/")
        for number, line in enumerate(code_lines(file.read_text()), 1):
            found = _IMPORT.match(line)
            if not found:
                continue
            module, modifiers = found["module"], found["modifiers"]
            if not (self._is_system(module, target, is_test) or module in self.dependencies(target)):
                what = f"{target} imports {module} without declaring it"
                yield Finding(name, number, what, f"declare it in Package.swift if {TABLE} allows it")
            if module in self.bindings and re.search(r"\b(public|package)\b|@_exported", modifiers):
                yield Finding(name, number, f"{module} is part of an interface", "import it plainly: nothing C-shaped leaves")

    def _is_system(self, module: str, target: str, is_test: bool) -> bool:
        if is_test and module == "Testing":
            return True
        users = self.system.get(module, [])
        return "*" in users or target in users
