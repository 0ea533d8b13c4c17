"""Write what is read from the samples beside them. Read the difference before you commit it.

python -m tests.engine.formats.write_expected
"""

import json

from reviews.engine.formats import all_formats
from tests.engine.formats.samples import read_sample, sample_files

if __name__ == "__main__":
    for name in all_formats():
        for path in sample_files(name):
            text = json.dumps(read_sample(name, path).shown(), indent=1, ensure_ascii=False)
            path.with_name(path.name + ".expected.json").write_text(text + "\n", encoding="utf-8")
