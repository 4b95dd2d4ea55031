"""The lock file sdk/abi.lock: writing, reading, and what a difference to the headers means."""
from abi_headers import Contract, Refused, Slot, Struct, growable, is_draft

TITLE = """\
# Every slot of the C contract of sdk/include/weir, as released or about to be. Written by `scripts/abi_lock --update`, compared on
# each test run. A slot's line: offset, size, the version that brought it, name: type. Nothing here moves, changes or goes away;
# structs whose size travels with them may grow at their end. Headers below ext/draft/ may change.
"""


def text_of(version, contract, released):
    out = [TITLE, f"abi {version[0]}.{version[1]} {'released' if released else 'open'}"]
    headers = sorted({s.header for s in contract.structs.values()} | {h for h, _ in contract.constants.values()} |
                     {h for h, _ in contract.others.values()}, key=lambda h: (is_draft(h), h != "weir/abi.h", h))
    grows = growable(contract)
    for header in headers:
        out.append(f"\n[{header}]")
        for kind, table in (("declare", contract.others), ("constant", contract.constants)):
            out += [f"{kind} {name} = {text}" for name, (at, text) in table.items() if at == header]
        for struct in contract.structs.values():
            if struct.header == header:
                out.append(f"struct {struct.name} size {struct.size} {'grows' if struct.name in grows else 'fixed'}")
                out += [f"  {slot.offset:4} {slot.size:3} {slot.since}  {slot.name}: {slot.type}" for slot in struct.slots]
    return "\n".join(out) + "\n"


def parse(text, path):
    """Returns (contract, released). The contract's growable() is derived from the slots, as for headers."""
    contract, released, header, struct = Contract(), False, None, None
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        try:
            if not words or line.startswith("#"):
                continue
            if line.startswith("["):
                header = line.strip("[]")
            elif words[0] == "abi":
                contract.version = tuple(map(int, words[1].split(".")))
                released = words[2] == "released"
            elif words[0] in ("declare", "constant"):
                table = contract.others if words[0] == "declare" else contract.constants
                table[words[1]] = (header, line.split(" = ", 1)[1])
            elif words[0] == "struct":
                struct = contract.structs[words[1]] = Struct(words[1], header)
                struct.size = int(words[3])
            else:
                offset, size, since, rest = line.split(None, 3)
                name, type_text = rest.split(": ", 1)
                slot = Slot(name, type_text)
                slot.offset, slot.size, slot.since = int(offset), int(size), since
                struct.slots.append(slot)
        except (IndexError, ValueError, AttributeError):
            raise Refused(f"{path}:{number}: not a line of a lock file: {line}")
    return contract, released


def compare(lock, now):
    """Returns (breaking, growing): sentences. Drafts only ever give growing ones: they need an --update, and may change."""
    breaking, growing = [], []

    def report(draft, is_breaking, sentence):
        (breaking if is_breaking and not draft else growing).append(sentence)

    grows = growable(now)
    for name, old in lock.structs.items():
        new = now.structs.get(name)
        draft = is_draft(old.header)
        if new is None:
            report(draft, True, f"{old.header}: struct {name} is gone")
            continue
        if is_draft(new.header) and not draft:
            report(False, True, f"struct {name} went back to a draft ({new.header})")
        elif draft and not is_draft(new.header):
            report(True, False, f"struct {name} is promoted to {new.header}")
        elif old.header != new.header:
            report(draft, False, f"struct {name} moved from {old.header} to {new.header}")
        compare_slots(old, new, name in grows, lambda is_breaking, sentence: report(draft, is_breaking, sentence))
    for name, new in now.structs.items():
        if name not in lock.structs:
            growing.append(f"{new.header}: struct {name} is new")
    for what, before, after in (("constant", lock.constants, now.constants), ("declaration", lock.others, now.others)):
        for name, (header, text) in before.items():
            if name not in after:
                # An opaque struct may become a struct that is defined.
                report(is_draft(header), True, f"{header}: {what} {name} is gone")
            elif after[name][1] != text:
                report(is_draft(header), True, f"{header}: {what} {name} was '{text}', is '{after[name][1]}'")
            elif after[name][0] != header:
                report(is_draft(header), is_draft(after[name][0]), f"{what} {name} moved from {header} to {after[name][0]}")
        for name, (header, _) in after.items():
            if name not in before:
                growing.append(f"{header}: {what} {name} is new")
    return breaking, growing


def compare_slots(old, new, can_grow, report):
    where = f"{new.header}: struct {new.name}"
    names = [slot.name for slot in new.slots]
    for index, slot in enumerate(old.slots):
        if slot.name not in names:
            return report(True, f"{where}: slot '{slot.name}' is gone (a slot keeps its place for ever: mark it deprecated instead)")
        at = names.index(slot.name)
        if at != index:
            stranger = new.slots[index].name
            known = stranger in [s.name for s in old.slots]
            return report(True, f"{where}: slot '{slot.name}' moved: '{stranger}' {'took its place' if known else 'was inserted before it'} "
                          "(new slots go to the end)")
        fresh = new.slots[index]
        if fresh.type != slot.type:
            return report(True, f"{where}: slot '{slot.name}' was '{slot.type}', is '{fresh.type}'")
        if not fresh.same(slot):
            return report(True, f"{where}: slot '{slot.name}' was {slot.size} bytes at {slot.offset}, is {fresh.size} at {fresh.offset} "
                          "(a type that it holds changed)")
    appended = names[len(old.slots):]
    if appended and can_grow:
        report(False, f"{where}: new at its end: {', '.join(appended)}")
    elif appended:
        report(True, f"{where}: '{appended[0]}' appended, but its size does not travel with it: others hold it by value or in arrays "
               "(make a new struct)")
    elif new.size != old.size:
        report(True, f"{where}: was {old.size} bytes, is {new.size}")


def carry_versions(lock, now):
    """Each slot keeps the version that brought it; new ones get the version that the headers say."""
    for name, struct in now.structs.items():
        old = lock.structs.get(name) if lock else None
        known = {slot.name: slot.since for slot in old.slots} if old else {}
        for slot in struct.slots:
            slot.since = known.get(slot.name, f"{now.version[0]}.{now.version[1]}")


def asserts(lock):
    """A C (and C++) file that fails to compile wherever the layout is not the locked one."""
    out = ["#include <stddef.h>"]
    out += [f'#include "{header}"' for header in sorted({s.header for s in lock.structs.values()})]
    out += ["#ifdef __cplusplus", "#define WEIR_SAME(what, size) static_assert(what == size, #what)", "#else",
            "#define WEIR_SAME(what, size) _Static_assert(what == size, #what)", "#endif"]
    for struct in lock.structs.values():
        spelling = f"struct {struct.name}"
        out.append(f"WEIR_SAME(sizeof({spelling}), {struct.size});")
        out += [f"WEIR_SAME(offsetof({spelling}, {slot.name}), {slot.offset});" for slot in struct.slots]
    return "\n".join(out) + "\n"
