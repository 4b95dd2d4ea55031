"""Reads the C headers of the SDK: structs with their slots, constants, typedefs and functions, with sizes from the compiler.

Not a C parser: it knows the declarations that a table of a C ABI may hold, and refuses the rest by name (bit fields, unnamed
structs and unions), because those must not be in the contract either.
"""
import os
import re
import subprocess
import tempfile

TOKEN = re.compile(r'[A-Za-z_]\w*|\.\.\.|0[xX][0-9a-fA-F]+\w*|\d\w*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'|[^\sA-Za-z_0-9]')
KEYWORDS = {"const", "volatile", "struct", "union", "enum", "restrict"}
BASIC = {"char", "short", "int", "long", "unsigned", "signed", "float", "double", "void", "_Bool"}
VERSION_MACROS = {"WEIR_ABI_MAJOR", "WEIR_ABI_MINOR"}


class Refused(Exception):
    """A declaration that the contract may not hold, or a header that does not compile."""


class Slot:
    def __init__(self, name, type_text):
        self.name, self.type = name, type_text
        self.offset = self.size = None
        self.since = None

    def same(self, other):
        return (self.name, self.type, self.offset, self.size) == (other.name, other.type, other.offset, other.size)


class Struct:
    def __init__(self, name, header):
        self.name, self.header = name, header
        self.slots, self.size = [], None


class Contract:
    """All that the headers promise. header paths are relative to the include folder; `draft` ones may change."""

    def __init__(self):
        self.version = (0, 0)
        self.structs = {}    # name -> Struct
        self.constants = {}  # name -> (header, text)
        self.others = {}     # name -> (header, text): typedefs, opaque structs, functions


def is_draft(header):
    return "/draft/" in "/" + header


def headers_below(include):
    found = []
    for place, _, files in os.walk(os.path.join(include, "weir")):
        found += [os.path.relpath(os.path.join(place, f), include) for f in files if f.endswith(".h")]
    return sorted(found, key=lambda h: (h != "weir/abi.h", h))


def compiler():
    return os.environ.get("CC", "gcc")


def run(command, what):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(f"{what}: {done.stderr.strip()}")
    return done.stdout


def join(tokens):
    """Type text in one spelling, however the header spaces it."""
    text = " ".join(tokens)
    text = re.sub(r"\s+([,)\]])", r"\1", text)
    text = re.sub(r"([(\[])\s+", r"\1", text)
    return re.sub(r"\s+\[", "[", text)


def split(tokens, separator):
    parts, depth, current = [], 0, []
    for token in tokens:
        depth += token in "([{"
        depth -= token in ")]}"
        if token == separator and depth == 0:
            parts.append(current)
            current = []
        else:
            current.append(token)
    return parts + [current] if current else parts


def closing(tokens, start):
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index] in "([{"
        depth -= tokens[index] in ")]}"
        if depth == 0:
            return index
    raise Refused(f"unbalanced brackets near '{join(tokens[start:start + 8])}'")


def is_name(token):
    return re.match(r"[A-Za-z_]\w*$", token) and token not in KEYWORDS and token not in BASIC


def without_parameter_names(tokens):
    """The parameter list of a function type: names say nothing about the ABI."""
    out = []
    for part in split(tokens, ","):
        if "(" in part:
            part = list(function_slot(part)[1]) if part.count("*") else part
        else:
            array = part.index("[") if "[" in part else len(part)
            head, tail = part[:array], part[array:]
            before = [t for t in head[:-1] if t not in ("const", "volatile", "struct", "union", "enum", "restrict")]
            if len(head) > 1 and is_name(head[-1]) and before:
                head = head[:-1]
            part = head + tail
        out += part + [","]
    return out[:-1]


def function_slot(tokens):
    """`R (*name)(params)` -> (name, tokens of the type without the names)."""
    opening = next(i for i in range(len(tokens) - 1) if tokens[i] == "(" and tokens[i + 1] == "*")
    end = closing(tokens, opening)
    inner = tokens[opening:end + 1]
    names = [t for t in inner if is_name(t)]
    if len(names) > 1 or "[" in inner or end + 1 >= len(tokens) or tokens[end + 1] != "(":
        raise Refused(f"too clever a declaration for the contract: '{join(tokens)}'")
    inner = [t for t in inner if t not in names]
    last = closing(tokens, end + 1)
    parameters = without_parameter_names(tokens[end + 2:last])
    return (names[0] if names else ""), tokens[:opening] + inner + ["("] + parameters + [")"] + tokens[last + 1:]


def members(body, where):
    slots = []
    for declaration in split(body, ";"):
        if ":" in declaration:
            raise Refused(f"{where}: a bit field has no fixed place: '{join(declaration)}'")
        if "{" in declaration:
            raise Refused(f"{where}: give the inner struct or union a name of its own: '{join(declaration[:6])} ...'")
        if "(" in declaration:
            name, type_tokens = function_slot(declaration)
            slots.append(Slot(name, join(type_tokens)))
            continue
        parts = split(declaration, ",")
        first = parts[0]
        end = first.index("[") if "[" in first else len(first)
        base = first[:end - 1]
        while base and base[-1] == "*":
            base = base[:-1]
        for index, part in enumerate(parts):
            declarator = part[len(base):] if index == 0 else part
            end = declarator.index("[") if "[" in declarator else len(declarator)
            slots.append(Slot(declarator[end - 1], join(base + declarator[:end - 1] + declarator[end:])))
    return slots


def declarations(tokens):
    """Top-level declarations, each without its semicolon; bodies of inline functions are dropped."""
    index = 0
    while index < len(tokens):
        start = index
        while index < len(tokens) and tokens[index] != ";":
            if tokens[index] in "([{":
                index = closing(tokens, index)
                is_body = tokens[index] == "}" and "(" in tokens[start:index] and tokens[start] not in ("typedef", "struct", "union", "enum")
                if is_body:
                    break
            index += 1
        yield tokens[start:index] if index < len(tokens) and tokens[index] == ";" else []
        index += 1


def read_declaration(tokens, header, contract):
    if not tokens or tokens[0] in ("static", "_Static_assert", "extern"):
        return
    typedef = tokens[0] == "typedef"
    if typedef:
        tokens = tokens[1:]
    if tokens[0] in ("struct", "union", "enum") and "{" in tokens:
        opening = tokens.index("{")
        end = closing(tokens, opening)
        name = tokens[1] if opening > 1 else (tokens[end + 1] if typedef and end + 1 < len(tokens) else None)
        if tokens[0] != "struct":
            raise Refused(f"{header}: {tokens[0]} {name or ''}: the contract holds structs of fixed-width fields and #define constants only")
        if not name:
            raise Refused(f"{header}: a struct without a name")
        struct = Struct(name, header)
        struct.spelling = name if typedef and tokens[end + 1:] == [name] else f"struct {name}"
        struct.slots = members(tokens[opening + 1:end], f"{header}: struct {name}")
        contract.structs[name] = struct
    elif typedef and tokens[0] == "struct" and len(tokens) == 3:
        contract.others[tokens[2]] = (header, f"opaque struct {tokens[1]}")
    elif typedef and "(" in tokens:
        name, type_tokens = function_slot(tokens)
        contract.others[name] = (header, f"typedef {join(type_tokens)}")
    elif typedef:
        contract.others[tokens[-1]] = (header, f"typedef {join(tokens[:-1])}")
    elif "(" in tokens:
        opening = tokens.index("(")
        parameters = without_parameter_names(tokens[opening + 1:closing(tokens, opening)])
        contract.others[tokens[opening - 1]] = (header, f"function {join(tokens[:opening - 1] + ['('] + parameters + [')'])}")
    elif tokens[0] == "struct" and len(tokens) == 2:
        pass
    else:
        raise Refused(f"{header}: a declaration that has no place in the contract: '{join(tokens)}'")


def read(include):
    """Reads every header below include/weir. Raises Refused."""
    contract = Contract()
    headers = headers_below(include)
    with tempfile.TemporaryDirectory() as scratch:
        umbrella = os.path.join(scratch, "all.c")
        with open(umbrella, "w", encoding="utf-8") as file:
            file.write("".join(f'#include "{h}"\n' for h in headers))
        flags = ["-std=c11", "-I", include]
        text = run([compiler(), *flags, "-E", umbrella], "the headers do not compile")
        current = None
        lines = {h: [] for h in headers}
        for line in text.splitlines():
            marker = re.match(r'# \d+ "([^"]*)"', line)
            if marker:
                at = os.path.relpath(marker.group(1), include)
                current = at if at in lines else None
            elif current:
                lines[current].append(line)
        for header, content in lines.items():
            source = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", " ", "\n".join(content))
            for tokens in declarations(TOKEN.findall(source)):
                read_declaration(tokens, header, contract)
        read_constants(include, headers, contract)
        measure(scratch, umbrella, flags, contract)
    # A typedef that only names a struct defined here is no entry of its own.
    for name in [n for n, (_, text) in contract.others.items() if text == f"opaque struct {n}" and n in contract.structs]:
        contract.structs[name].spelling = name
        del contract.others[name]
    return contract


def read_constants(include, headers, contract):
    """Object-like macros with a value; include guards and attributes have none that matters."""
    for header in headers:
        with open(os.path.join(include, header), encoding="utf-8") as file:
            text = re.sub(r"\\\n", " ", file.read())
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
        for name, value in re.findall(r"^[ \t]*#[ \t]*define[ \t]+((?:WEIR|ARROW)_\w+)[ \t]+(\S[^\n]*)", text, re.M):
            value = re.sub(r"\s*//.*", "", value).strip()
            if name in VERSION_MACROS:
                continue
            if "__attribute__" not in value:
                contract.constants[name] = (header, value)
    numbers = {}
    for header in headers:
        with open(os.path.join(include, header), encoding="utf-8") as file:
            numbers.update(re.findall(r"#[ \t]*define[ \t]+(WEIR_ABI_MAJOR|WEIR_ABI_MINOR)[ \t]+(\d+)", file.read()))
    if len(numbers) != 2:
        raise Refused("no header defines WEIR_ABI_MAJOR and WEIR_ABI_MINOR as plain numbers")
    contract.version = (int(numbers["WEIR_ABI_MAJOR"]), int(numbers["WEIR_ABI_MINOR"]))


def measure(scratch, umbrella, flags, contract):
    """Offsets and sizes of all slots, by a program that prints them."""
    program = [f'#include "{umbrella}"', "#include <stdio.h>", "#include <stddef.h>", "int main(void) {"]
    for struct in contract.structs.values():
        spelling = f"struct {struct.name}" if struct.spelling.startswith("struct") else struct.spelling
        program.append(f'printf("%zu\\n", sizeof({spelling}));')
        for slot in struct.slots:
            program.append(f'printf("%zu %zu\\n", offsetof({spelling}, {slot.name}), sizeof((({spelling}*)0)->{slot.name}));')
    program.append("return 0; }")
    source, binary = os.path.join(scratch, "measure.c"), os.path.join(scratch, "measure")
    with open(source, "w", encoding="utf-8") as file:
        file.write("\n".join(program))
    run([compiler(), *flags, "-w", source, "-o", binary], "the headers do not compile")
    numbers = iter(run([binary], "measuring").splitlines())
    for struct in contract.structs.values():
        struct.size = int(next(numbers))
        for slot in struct.slots:
            slot.offset, slot.size = map(int, next(numbers).split())


def holes(contract):
    """Padding inside or behind the slots: two compilers, or two languages, may fill it differently."""
    found = []
    for struct in contract.structs.values():
        at = 0
        for slot in struct.slots:
            if slot.offset != at:
                found.append(f"{struct.header}: struct {struct.name}: {slot.offset - at} bytes of padding before '{slot.name}': "
                             "reorder the slots or add a reserved one")
            at = slot.offset + slot.size
        if at != struct.size:
            found.append(f"{struct.header}: struct {struct.name}: {struct.size - at} bytes of padding at the end: add a reserved slot")
    return found


def growable(contract):
    """Structs that may get slots at their end: their size travels with them, as their first slot or as <name>_size elsewhere."""
    sizes = {slot.name for struct in contract.structs.values() for slot in struct.slots}
    return {name for name, struct in contract.structs.items()
            if struct.slots and struct.slots[0].name == "struct_size" or name.removeprefix("weir_") + "_size" in sizes}
