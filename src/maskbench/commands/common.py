"""What every command shares: options, defaults from the configuration, errors in one line."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.logging import RichHandler

from maskbench import tracking
from maskbench.config import Config, read_layers, validate
from maskbench.errors import MaskbenchError, from_os_error, unknown_name
from maskbench.layout import Layout

DEFAULT_PARAMS = Path("params.yaml")

OptionalPath = Path | None


def path_option(flag: str, text: str, default: str, short: str | None = None) -> Any:
    """An optional path whose default is derived from the results folder (shown in the help)."""
    names = [flag, short] if short else [flag]
    return typer.Option(*names, help=text, show_default=default)


def out_option(text: str, default: str) -> Any:
    """Where a step writes: ``--out`` or ``-o``."""
    return path_option("--out", text, default, "-o")


def scratch_option(default: str) -> Any:
    """Where a training keeps its checkpoints: ``--scratch``."""
    return path_option(
        "--scratch", "Folder of checkpoints; a stopped training goes on from it.", default
    )


ParamsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--params",
        "-p",
        envvar="MASKBENCH_PARAMS",
        help="Configuration file. Repeat it to lay later files over earlier ones.",
        show_default="params.yaml",
    ),
]
DatasetOption = Annotated[
    str | None,
    typer.Option("--dataset", help="Data set.", show_default="synthesis.dataset"),
]
MethodOption = Annotated[
    str, typer.Option("--method", help="Synthesis method; see `maskbench methods`.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of the training.")]
FacesOption = Annotated[OptionalPath, path_option("--faces", "FaceSet folder.", "faces/DATASET")]
MaskPicturesOption = Annotated[
    OptionalPath, path_option("--mask-pictures", "Folder written by draw_masks.", "mask_pictures")
]
PicturesOption = Annotated[
    OptionalPath, path_option("--pictures", "Folder written by fetch.", "pictures/DATASET")
]
WeightsOption = Annotated[
    OptionalPath, path_option("--weights", "Folder written by fetch_weights.", "weights")
]


def configuration(files: list[Path] | None) -> tuple[Config, str]:
    """Read and check the configuration, without the blocks of the methods.

    Those belong to modules that import the network library; a command that needs one asks for
    it by :func:`method_params`.

    Returns:
        the configuration and how to call it in an error.
    """
    files = files or [DEFAULT_PARAMS]
    place = " + ".join(str(file) for file in files)
    config: Config = validate(Config, read_layers(files), place)
    return config, place


def layout_of(config: Config) -> Layout:
    """The results folder of a configuration."""
    return Layout(Path(config.output))


def method_params(config: Config, place: str, name: str) -> Any:
    """The typed block of one method.

    Raises:
        MaskbenchError: the method is unknown, has no block, or its block is wrong.
    """
    from maskbench.synthesis import base

    base.method(name)
    if name not in config.synthesis.methods:
        raise unknown_name(f"{place}: synthesis.methods", "block", name, config.synthesis.methods)
    return base.parse_params(name, config.synthesis.methods[name], place)


def section_of_dataset(config: Config, place: str, name: str) -> Any:
    """The section ``datasets.<name>``."""
    if name not in config.datasets:
        raise unknown_name(f"{place}: datasets", "data set", name, config.datasets)
    return config.datasets[name]


@contextmanager
def tracked(
    name: str,
    config: Config,
    facts: dict[str, Any],
    section: Any,
    out: Path,
    inputs: list[Path],
) -> Iterator[tracking.Run]:
    """A tracking run around one step.

    Args:
        name: the step's name.
        facts: data set, method, seed: they become tags.
        section: what the step is configured by (a model or a mapping): it becomes parameters.
        out: what the step writes; a note of it becomes a tag.
        inputs: files and folders whose checksums are noted.
    """
    values = section.model_dump() if hasattr(section, "model_dump") else dict(section)
    tags = {key: str(value) for key, value in facts.items()} | {"output": str(out)}
    with tracking.step(name, config.tracking, facts | values, inputs, tags) as run:
        yield run


@dataclass(frozen=True)
class Job:
    """What a command on one data set begins with: the configuration and where its inputs lie.

    Its methods give inputs: the folder of the option where it was given, else where the layout
    keeps it. They raise a MaskbenchError that names the command to run where nothing is there.

    Attributes:
        config: the whole configuration.
        place: how to call it in an error.
        dataset: the data set's name.
        layout: the results folder.
    """

    config: Config
    place: str
    dataset: str
    layout: Layout

    def section(self) -> Any:
        """The section of the data set."""
        return section_of_dataset(self.config, self.place, self.dataset)

    def pictures(self, given: Path | None) -> Path:
        path = given or self.layout.pictures(self.dataset)
        return existing(path, f"maskbench fetch --dataset {self.dataset}")

    def faces(self, given: Path | None) -> Path:
        path = given or self.layout.faces(self.dataset)
        return existing(path, f"maskbench crop_faces --dataset {self.dataset}")

    def weights(self, given: Path | None) -> Path:
        return existing(given or self.layout.weights, "maskbench fetch_weights")

    def mask_pictures(self, given: Path | None) -> Path:
        return existing(given or self.layout.mask_pictures, "maskbench draw_masks")

    def model(self, given: Path | None, method: str, seed: int) -> Path:
        """A trained synthesis method."""
        path = given or self.layout.model(self.dataset, method, seed)
        return existing(path, f"maskbench train_synthesis --method {method} --seed {seed}")

    def overlay(self, given: Path | None) -> Path:
        """The test faces with masks put on by their key points."""
        path = given or self.layout.masked(self.dataset, "keypoint", 0)
        return existing(path, "maskbench synthesise --method keypoint")

    def tracked(
        self, step: str, section: Any, out: Path, inputs: list[Path], **facts: Any
    ) -> AbstractContextManager[tracking.Run]:
        """:func:`tracked` with the data set among the facts."""
        return tracked(step, self.config, {"dataset": self.dataset} | facts, section, out, inputs)

    def evaluate(
        self, step: str, run: Callable[..., None], out: Path, inputs: dict[str, Path], **facts: Any
    ) -> None:
        """Run an evaluation of pictures, with its numbers in the tracking run.

        Args:
            step: its name.
            run: its function.
            out: the folder of the numbers.
            inputs: the folders that it reads, by the name of the argument.
            facts: ``method`` and ``seed``.
        """
        section = self.config.metrics
        with self.tracked(step, section, out, list(inputs.values()), **facts) as tracking:
            run(
                **inputs,
                out=out,
                config=section,
                unseen_styles=self.config.masks.unseen_styles,
                seed=facts["seed"],
                run_id=tracking.id,
            )
            tracking.measurements(out / "metrics.json")


def job(params: list[Path] | None, dataset: str | None) -> Job:
    """The job of a command with the options ``--params`` and ``--dataset``."""
    config, place = configuration(params)
    return Job(config, place, dataset or config.synthesis.dataset, layout_of(config))


def existing(path: Path, made_by: str) -> Path:
    """``path``, which must exist.

    Raises:
        MaskbenchError: it does not; the error names the command that makes it.
    """
    if not path.exists():
        raise MaskbenchError(path, "does not exist", f"make it with: {made_by}")
    return path


def stderr() -> Console:
    """The console for progress and errors; standard output stays free for results."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def start_logging(verbose: bool) -> None:
    """Log to standard error: with colours on a terminal, as plain lines in a file."""
    console = stderr()
    if console.is_terminal:
        handler: logging.Handler = RichHandler(console=console, show_path=False, markup=False)
        form = "%(message)s"
    else:
        handler = logging.StreamHandler()
        form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, datefmt="%H:%M:%S", handlers=[handler])
    logging.getLogger("maskbench").setLevel(logging.DEBUG if verbose else logging.INFO)


def step(function: Callable[..., None]) -> Callable[..., None]:
    """Turn failures that a user can mend into one line and exit code 1."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except MaskbenchError as error:
            fail(str(error))
        except OSError as error:
            fail(str(from_os_error(error, error.filename or "file system")))
        except MemoryError:
            fail("memory: not enough for this step; close other programs or use a smaller batch")
        except KeyboardInterrupt:
            stderr().print("interrupted; the same command goes on from the last checkpoint")
            raise typer.Exit(130) from None

    return run


def fail(message: str) -> None:
    """Print one error and leave with exit code 1."""
    stderr().print(f"[bold red]error[/] {_escape(message)}")
    raise typer.Exit(1)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
