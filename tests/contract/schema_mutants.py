"""Changes every golden message at every key, in every way that might matter, and says what the schemas make of it.

Prints a line a mutant: `good` or `bad`, a space, the kind, a space, the JSON. For tests/system/schema_test.cpp, which asks
our own parsers the same. What the two may see differently is left out: a whole number that is written 1.0, a 30 February.
"""
import importlib.machinery
import importlib.util
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
loader = importlib.machinery.SourceFileLoader("check", str(ROOT / "contract/schema/check"))
spec = importlib.util.spec_from_loader("check", loader)
check = importlib.util.module_from_spec(spec)
loader.exec_module(check)

VALUES = [None, True, False, 0, 1, -1, 1000.5, 86400, 86401, 2**53 - 1, 2**53, -1e308, "", "a", "A", "a b", "x" * 64,
          "x" * 65, "x" * 200, "x" * 201, "x" * 512, "x" * 513, "tab\there", "done", "firing", "drain", "shelve",
          "reset", "on", "Cel", "timeout", "2022-10-15T06:22:04.250Z", "2022-10-15 06:22:04", "2022-13-15T06:22:04.250Z",
          [], ["a"], [""], [1], ["x" * 201], ["a"] * 65, {}, {"a": 1}, {"A": 1}, {"a": -1},
          {"a": {"silent": True, "reads": 1}}, {"a": {"silent": True}}]


def mutants(message):
    yield message
    yield {**message, "of_a_later_version": {"what": [None]}}
    for key in message:
        yield {k: v for k, v in message.items() if k != key}
        for value in VALUES:
            yield {**message, key: value}


def main():
    for path in sorted((ROOT / "contract/examples").glob("*.json")):
        kind = path.stem.split("-")[0]
        for mutant in mutants(json.loads(path.read_text())):
            text = json.dumps(mutant, ensure_ascii=False)
            why = check.trouble(f"firebreak/1/s/agent/a/{kind}", text)
            print("bad" if why else "good", kind, text)


main()
