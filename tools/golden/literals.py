"""Writes tests/fixtures/import/literals.json: records as Python writes them, with what ast reads and its line numbers.

usage: literals.py tests/fixtures/import/literals.json
"""
import ast, json, pprint, random, sys

source = random.Random(7)
characters = ["a", "b", "猪", "🐖", " ", "'", '"', "\\", "\n", "\r", "\t", "\0", "\x07", "\x1b", "é", "\u2028"]
characters += ["#", "//", "{", "]", ","]


def text():
    return "".join(source.choice(characters) for _ in range(source.randrange(14)))


def value(depth=0):
    kind = source.randrange(11 if depth < 3 else 7)
    if kind < 3:
        return text()
    if kind == 3:
        return source.choice([None, True, False])
    if kind == 4:
        return source.randrange(-(10**6), 10**6)
    if kind == 5:
        return round(source.uniform(-9, 9), 3)
    if kind == 6:
        return []
    if kind < 9:
        return [value(depth + 1) for _ in range(source.randrange(1, 4))]
    if kind == 9:
        return tuple(value(depth + 1) for _ in range(source.randrange(1, 4)))
    return {text(): value(depth + 1) for _ in range(source.randrange(3))}


def record():
    return {"query": text() + "?", "pos": value(), **{text(): value() for _ in range(source.randrange(3))}}


written = []
for _ in range(24):
    records = [record() for _ in range(source.randrange(1, 4))]
    written += [repr(records), pprint.pformat(records, width=source.choice([24, 60]), sort_dicts=False)]
written += [
    "[{'query': r'a\\n\\'b' 'c' \"d\", 'pos': '''e\n'f' \\\n\"g\"'''}]",
    "[{'query': '\\v\\a\\b\\f\\0', 'pos': (1, 0.5, 1_000, -3),},]  # end",
    "[\n  # before\n  {'query': 'a',  # inside\n   'pos': 'b'},\n\n  {'query': 'c', 'pos': ['d',\n 'e',],},\n]\n",
]
cases = []
for one in written:
    lines = [node.lineno for node in ast.parse(one, mode="eval").body.elts]
    records = json.loads(json.dumps(ast.literal_eval(one)))
    cases.append({"text": one, "records": records, "lines": lines})
with open(sys.argv[1], "w") as file:
    json.dump(cases, file, ensure_ascii=True)
    file.write("\n")
