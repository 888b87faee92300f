"""Writes digits.csv: classes 0 and 1 of scikit-learn's 8x8 digits, with the split of train_test_split(test_size=0.2, random_state=42)."""
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
mine = digits.target < 2
pixels, labels = digits.data[mine].astype(int), digits.target[mine]
train, test = train_test_split(np.arange(len(labels)), test_size=0.2, random_state=42)
place = np.zeros(len(labels), dtype=int)
place[train] = 1 + np.arange(len(train))
place[test] = -1 - np.arange(len(test))
with open("digits.csv", "w", newline="\n") as out:
    for row, label, at in zip(pixels, labels, place):
        split = f"train,{at - 1}" if at > 0 else f"test,{-at - 1}"
        out.write(f"{split},{label}," + ",".join(map(str, row)) + "\n")
