"""Long calls leave the interpreter to others, and end when they are asked to."""

import signal
import subprocess
import sys
import threading
import time

import pytest

import cim

LONG = """
import signal, sys, time, numpy as np, cim
# Jobs in the background begin with interrupts ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
with np.load(sys.argv[1] + "/digits.npz") as data:
    x, y = data["x"], data["y"]
chip = cim.Chip.from_onnx(sys.argv[1] + "/mlp.onnx")
print("begin", flush=True)
try:
    chip.evaluate(x, y, chips=100_000, seed=1)
except KeyboardInterrupt:
    # What is under way ends at its next chip.
    time.sleep(1.0)
    before = time.process_time()
    time.sleep(1.0)
    print("interrupted", time.process_time() - before < 0.2, cim.solve([[1e-6]], [1.0]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_an_interrupt_ends_a_long_call_and_its_work(networks):
    process = subprocess.Popen(
        [sys.executable, "-c", LONG, str(networks)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "begin\n"
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert said == "interrupted True [1.e-06]\n"


def test_other_threads_run_during_a_call(networks, digits):
    chip = cim.Chip.from_onnx(networks / "mlp.onnx")
    done = threading.Event()

    def call():
        chip.evaluate(*digits, chips=5, seed=1)
        done.set()

    worker = threading.Thread(target=call)
    worker.start()
    looks = 0
    while not done.wait(0.001):
        looks += 1
    worker.join()
    # With the lock held, at most one look would have been possible.
    assert looks > 10
