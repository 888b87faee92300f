"""Analog compute-in-memory: resistive arrays, memristive cells, and networks on simulated chips.

Arrays are NumPy's; numbers are in SI units unless a name says otherwise.
"""

import os
from typing import Any, Literal, Mapping, Optional, Sequence, TypedDict, Union, final

import numpy as np
import numpy.typing as npt

__version__: str

_Path = Union[str, os.PathLike[str]]
#: A number in the SI unit, or a text with a unit: 5e-6, "5 uS", "1 day".
_Quantity = Union[float, str]
_Floats = npt.NDArray[np.float64]
#: A name ("ohmic", "milo2021"), or {"law": "sinh", "scale": "0.2 V"} and others.
_Law = Union[str, Mapping[str, Any]]
_Ends = Literal["one", "both"]
#: Samples (samples × …), or a dictionary of them by the names of the inputs.
_Samples = Union[npt.ArrayLike, dict[str, npt.ArrayLike]]
_Metric = Literal["top1", "top5", "mse", "cosine", "nearest"]

class CimError(Exception):
    """Whatever cim refuses or cannot do; its text says what is wrong, and what to do."""

class InputError(CimError, ValueError):
    """An argument, a file or a preset that cannot be."""

class NetworkError(InputError):
    """A network that is not read: damaged, or with an operator that is not there, by name."""

class InfeasibleError(CimError, ValueError):
    """A limit that no design meets."""

class NotConverged(CimError, ArithmeticError):
    """A solution that was not found, or did not pass the check that it is one."""

def solve(
    g: npt.ArrayLike,
    v: npt.ArrayLike,
    *,
    r_row: Optional[_Quantity] = None,
    r_col: Optional[_Quantity] = None,
    r_source: Optional[_Quantity] = None,
    r_sense: Optional[_Quantity] = None,
    drive: _Ends = "one",
    sense: _Ends = "one",
    iv: Optional[_Law] = None,
) -> _Floats:
    """Column currents of an array with resistive wires, exact up to rounding."""

def solve_nodes(
    g: npt.ArrayLike,
    v: npt.ArrayLike,
    *,
    r_row: Optional[_Quantity] = None,
    r_col: Optional[_Quantity] = None,
    r_source: Optional[_Quantity] = None,
    r_sense: Optional[_Quantity] = None,
    drive: _Ends = "one",
    sense: _Ends = "one",
    iv: Optional[_Law] = None,
) -> Solution:
    """Every voltage and current of an array; arguments as of solve."""

@final
class Solution:
    """Every voltage and current of an array. A leading axis counts vectors if v was a list of them."""

    @property
    def currents(self) -> _Floats:
        """Currents that leave the columns (columns) or (vectors × columns), A."""
    @property
    def row_v(self) -> _Floats:
        """Voltages of the row wires at the cells, rows × columns (V)."""
    @property
    def column_v(self) -> _Floats:
        """Voltages of the column wires at the cells, rows × columns (V)."""
    @property
    def cell_a(self) -> _Floats:
        """Currents through the cells from row to column, rows × columns (A)."""
    @property
    def row_wire_a(self) -> _Floats:
        """Currents in the row wires to the right, rows × (columns + 1), A."""
    @property
    def column_wire_a(self) -> _Floats:
        """Currents in the column wires downwards, (rows + 1) × columns, A."""
    @property
    def power_w(self) -> _Floats:
        """Power dissipated in cells and wires (vectors), W."""

@final
class Transfer:
    """A linear array reduced to one matrix, once for many vectors: currents = v @ matrix."""

    def __new__(
        cls,
        g: npt.ArrayLike,
        *,
        r_row: Optional[_Quantity] = None,
        r_col: Optional[_Quantity] = None,
        r_source: Optional[_Quantity] = None,
        r_sense: Optional[_Quantity] = None,
        drive: _Ends = "one",
        sense: _Ends = "one",
    ) -> Transfer: ...
    @property
    def matrix(self) -> _Floats:
        """Column currents per row voltage, rows × columns (S); a copy."""
    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
    def __call__(self, v: npt.ArrayLike) -> _Floats:
        """Column currents (columns) or (vectors × columns), A, for row voltages, V."""

def devices() -> list[str]:
    """Names of all published cells."""

def device(name: str) -> Device:
    """The published cell called name; devices() lists them."""

@final
class Device:
    """A published cell: its laws, its source, and samples of it."""

    @property
    def name(self) -> str:
        """Its name."""
    @property
    def cell(self) -> str:
        """What cell it is."""
    @property
    def card(self) -> str:
        """Its laws, range, source and what is left out, as text."""
    @property
    def window(self) -> tuple[float, float]:
        """Lowest and highest conductance that cells are programmed to (S)."""
    @property
    def ages(self) -> bool:
        """Whether anything is known of its cells at later times."""
    def moments(self, target: _Quantity) -> tuple[float, float]:
        """Mean (S) and standard deviation (S) of cells right after programming to target (S)."""
    def sample(
        self,
        target: Union[_Quantity, npt.ArrayLike],
        *,
        seed: int,
        count: Optional[int] = None,
        after: Optional[_Quantity] = None,
        read: bool = False,
    ) -> _Floats:
        """Programs cells and returns what they hold (S), in the shape of target or (count)."""

def programmers() -> list[str]:
    """Names of all ways of programming."""

def program(
    targets: npt.ArrayLike,
    *,
    device: str,
    programmer: str,
    seed: int,
    band: Optional[_Quantity] = None,
    r_wire: Optional[_Quantity] = None,
) -> Programmed:
    """Programs fresh cells to targets (rows × columns, S) by pulses."""

@final
class Programmed:
    """What programmed cells hold, and what it took."""

    @property
    def achieved(self) -> _Floats:
        """What the cells hold, without the noise of a read, rows × columns (S)."""
    @property
    def pulses(self) -> npt.NDArray[np.uint32]:
        """Pulses of each cell, rows × columns."""
    @property
    def reads(self) -> npt.NDArray[np.uint32]:
        """Verifying reads of each cell, rows × columns."""
    @property
    def energy_j(self) -> _Floats:
        """Energy of the pulses of each cell, rows × columns (J)."""
    @property
    def time_s(self) -> _Floats:
        """Time of pulses and reads of each cell, rows × columns (s)."""
    @property
    def accepted(self) -> npt.NDArray[np.bool_]:
        """Whether the last verifying read found a cell inside the band, rows × columns."""
    @property
    def stuck(self) -> npt.NDArray[np.bool_]:
        """Whether pulses had not moved a cell by more than half the band, rows × columns."""
    @property
    def given_up(self) -> npt.NDArray[np.bool_]:
        """Whether a cell was given up outside the band though it had moved, rows × columns."""
    @property
    def band(self) -> float:
        """Half-width of the acceptance band (S)."""
    @property
    def rms_error_s(self) -> float:
        """Root-mean-square difference to the targets (S), read noise aside."""
    @property
    def share_inside_band(self) -> float:
        """Share of cells that hold their target to within the band, read noise aside."""
    @property
    def product_error(self) -> tuple[float, float]:
        """Relative error of a product with inputs of mean zero: as it is, and after a common gain."""

def presets() -> list[str]:
    """Names of the built-in presets that describe a chip for any network."""

def preset(name: _Path) -> str:
    """The text of a preset (TOML): every parameter with its unit, to start an own one from."""

class Layer(TypedDict):
    """One product on tiles; a plain dictionary at run time."""

    name: str
    inputs: int
    outputs: int
    vectors: int
    tiles: tuple[int, int]
    cells: int
    input_range: tuple[float, float]
    input_limit: float
    weight_clip: float
    full_scale_a: tuple[float, float]
    signal_to_noise: float
    energy_j: Optional[float]
    errors: dict[str, float]
    dac_clips: float
    adc_clips: float
    dac_conversions: int
    adc_conversions: int

def fit(
    measurements: _Path, *, preset: _Path = "paper", source: Optional[str] = None
) -> Fitted:
    """Fits the laws of cells to measurements (the path of a .csv file, or its text)."""

@final
class Fitted:
    """Cells fitted to measurements: laws with intervals, and a preset that has them."""

    @property
    def preset(self) -> str:
        """The text of a preset with these cells."""
    @property
    def parameters(self) -> list[dict[str, Any]]:
        """Parameters: name, unit, value, and the ends low and high of its 95 % interval."""
    @property
    def cells(self) -> int:
        """Cells that were used."""
    def save(self, path: _Path) -> None:
        """Writes the preset."""

@final
class Chip:
    """A network on chips as a preset describes them."""

    @staticmethod
    def from_onnx(
        path: _Path,
        *,
        weights: Optional[_Path] = None,
        preset: _Path = "paper",
        config: Union[Design, _Path, None] = None,
    ) -> Chip:
        """Reads an ONNX file."""
    @staticmethod
    def from_safetensors(
        path: _Path,
        layers: _Path,
        *,
        preset: _Path = "paper",
        config: Union[Design, _Path, None] = None,
    ) -> Chip:
        """Reads weights from a safetensors file, and layers from TOML (a path, or text)."""
    @property
    def products(self) -> list[str]:
        """Names of the products that go to tiles, in the order of the network."""
    def evaluate(
        self,
        x: _Samples,
        y: Optional[npt.ArrayLike] = None,
        *,
        seed: int,
        chips: Optional[int] = None,
        until: Optional[float] = None,
        metric: Optional[_Metric] = None,
        calibration: Union[int, _Samples, None] = None,
        config: Union[Design, _Path, None] = None,
        after: Optional[_Quantity] = None,
        compensate: Optional[Literal["global", "per-column"]] = None,
        held: Optional[_Path] = None,
        budget: bool = False,
        threads: int = 0,
    ) -> Evaluation:
        """Makes chips and measures the network on each."""
    def finetune(
        self,
        x: _Samples,
        y: npt.ArrayLike,
        *,
        seed: int,
        test: Optional[tuple[_Samples, npt.ArrayLike]] = None,
        holdout: float = 0.2,
        epochs: int = 10,
        learning_rates: Optional[Sequence[float]] = None,
        chips: Optional[int] = None,
        config: Union[Design, _Path, None] = None,
        after: Optional[_Quantity] = None,
        compensate: Optional[Literal["global", "per-column"]] = None,
        threads: int = 0,
    ) -> Tuned:
        """Trains the network through the hardware of its chips."""

@final
class Tuned:
    """A fine-tuned network, and what it is better by."""

    @property
    def weights(self) -> bytes:
        """Its weights as the bytes of a safetensors file, with the names of the network's file."""
    @property
    def digital(self) -> tuple[float, float]:
        """Accuracy without a chip, before and after."""
    @property
    def accuracy(self) -> tuple[float, float]:
        """Mean accuracy over chips, before and after."""
    @property
    def gain(self) -> float:
        """Mean accuracy that is gained on the same chips."""
    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the gain over chips."""
    @property
    def learning_rate(self) -> Optional[float]:
        """The learning rate that was chosen; None where weights are as they were."""
    def to_json(self) -> str:
        """What came of it as JSON, as `cim finetune --json` prints it."""
    def save(self, path: _Path) -> None:
        """Writes the weights (.safetensors)."""

@final
class Evaluation:
    """What came of a network on chips: scores with their interval, product by product, the report."""

    @property
    def metric(self) -> _Metric:
        """How answers were judged."""
    @property
    def score(self) -> float:
        """Mean score over chips, in the metric's unit (a share of samples for top1 and top5)."""
    @property
    def accuracy(self) -> Optional[float]:
        """Mean accuracy over chips (a share of samples); None where answers are no labels."""
    @property
    def digital(self) -> float:
        """Score of the network without a chip."""
    @property
    def loss(self) -> float:
        """What chips lose against the network without a chip; above zero where they are worse."""
    @property
    def ci95(self) -> float:
        """Half the width of the 95 % interval of the score over chips; 0 for one chip."""
    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the score over chips."""
    @property
    def chips(self) -> _Floats:
        """Score of each chip (chips)."""
    @property
    def output_error(self) -> _Floats:
        """Squared error of the outputs of each chip over their power (chips)."""
    @property
    def layers(self) -> list[Layer]:
        """Every product on tiles."""
    @property
    def budget(self) -> Optional[dict[str, Any]]:
        """The loss of the score, effect by effect; None where it was not asked for."""
    def to_json(self) -> str:
        """The report as JSON, as `cim eval --json` prints it."""
    def save(self, folder: _Path) -> list[os.PathLike[str]]:
        """Writes the report (a page, Markdown, JSON, pictures) into a folder."""

def optimise(
    network: Union[Chip, _Path],
    calibration: _Samples,
    *,
    preset: Optional[_Path] = None,
    layers: Optional[_Path] = None,
    adc_bits: Optional[int] = None,
    energy_budget: Optional[_Quantity] = None,
) -> Design:
    """Optimises window, read voltage, weight clips and full scales for a network."""

@final
class Design:
    """Window, read voltage, clips and full scales of one network, as evaluate(config=…) takes them."""

    @staticmethod
    def load(path: _Path) -> Design:
        """Reads a design that save or `cim optimise NETWORK --out` wrote."""
    def save(self, path: _Path) -> None:
        """Writes the file that evaluate(config=…) and `cim eval --config` take."""
    @property
    def toml(self) -> str:
        """The design as TOML, the text of its file."""
    @property
    def window(self) -> tuple[float, float]:
        """Lowest and highest conductance that weights are mapped to (S)."""
    @property
    def read_voltage(self) -> float:
        """Row voltage of the largest input code (V)."""
    @property
    def products(self) -> list[dict[str, Any]]:
        """Every product: name, weight_clip, input_limit, drive_gain, full_scale_a (A)."""
    @property
    def error(self) -> Optional[float]:
        """Squared error of the products per unit of their power; None for a loaded design."""
    @property
    def error_before(self) -> Optional[float]:
        """The same of the design that the preset's policy makes."""
    @property
    def energy_j(self) -> Optional[float]:
        """Energy of cells and sense amplifiers for one inference (J)."""
    @property
    def certified_gap(self) -> Optional[float]:
        """Relative gap between the optimum and a proven bound."""

@final
class Product:
    """A matrix on the tiles of one chip: product(x, call=k) is x @ weights as the chip computes it."""

    def __new__(
        cls,
        weights: npt.ArrayLike,
        calibration: npt.ArrayLike,
        *,
        seed: int,
        preset: _Path = "paper",
        chip: int = 0,
        after: Optional[_Quantity] = None,
    ) -> Product: ...
    @property
    def shape(self) -> tuple[int, int]:
        """Inputs and outputs."""
    def __call__(self, x: npt.ArrayLike, *, call: int) -> npt.NDArray[np.float32]:
        """The product of x (vectors × inputs) with the weights that the chip holds."""
