"""Join what versions.py prints for several versions: versions that write the same share it.

Usage: versions_join.py LINES OUTPUT. The format of OUTPUT is {"models": [{"name", "forms": [{"keras": [version, ...],
"architecture", "inputs", "outputs", "weights"}]}]}, one form per line.
"""

import json
import pathlib
import sys


def main(lines, output):
    models = {}
    for line in lines.read_text().splitlines():
        made = json.loads(line)
        version, name = made.pop("keras"), made.pop("name")
        form = json.dumps(made, separators=(",", ":"))
        models.setdefault(name, {}).setdefault(form, []).append(version)
    text = []
    for name, forms in models.items():
        each = ",\n".join('{"keras":' + json.dumps(versions) + "," + form[1:] for form, versions in forms.items())
        text.append(f'{{"name":{json.dumps(name)},"forms":[\n{each}]}}')
    output.write_text('{"models":[' + ",\n".join(text) + "]}\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
