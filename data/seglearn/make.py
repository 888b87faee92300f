"""Writes motion.npy and series.csv from the data set of the Python package seglearn.

    pip download --no-deps seglearn==1.2.5 && unzip seglearn-1.2.5-py3-none-any.whl
    python3 make.py seglearn/data/watch_dataset.npy

The package keeps a pickled dictionary, which only Python reads and which runs code when it is read: so it is
converted once. Needs numpy; any version writes the same bytes.
"""

import sys

import numpy as np

data = np.load(sys.argv[1], allow_pickle=True).item()
motion = np.ascontiguousarray(np.concatenate(data["X"]).astype("<f4"))
np.save("motion.npy", motion)
with open("series.csv", "w", encoding="ascii", newline="\n") as out:
    out.write("subject,exercise,side,samples\n")
    for x, y, subject, side in zip(data["X"], data["y"], data["subject"], data["side"]):
        out.write(f"{int(subject)},{data['y_labels'][int(y)]},{int(side)},{len(x)}\n")
