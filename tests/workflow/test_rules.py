"""What the rules declare: arguments that their functions take, resources, how few lines."""

import inspect
import re
import subprocess
import sys
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.exceptions import WorkflowError
from snakemake.resources import Resources
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
    StorageSettings,
)

import maskbench
from maskbench import step, tracking, tracking_store
from maskbench.code_digest import code_digest
from maskbench.config import REFERENCE
from maskbench.datasets.collection import PLACES
from maskbench.guides.specs import GUIDES
from maskbench.synthesis.specs import METHODS

from ..two_way import registered

ROOT = Path(maskbench.__file__).parents[2]
CONFIGS = [(), ("lfw.yaml", "mfr2.yaml"), ("paper/maskfacenet.yaml",), ("smoke.yaml",)]
CONFIGS += [(Path(__file__).with_name("one.yaml"),)]


def jobs(folder, configs=(), **resources):
    """All jobs of a workflow, by a rule's name."""
    files = [ROOT / "config" / name for name in configs]
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, dryrun=True)) as api:
        flow = api.workflow(
            resource_settings=ResourceSettings(**({"cores": 2} | resources)),
            config_settings=ConfigSettings(configfiles=files),
            storage_settings=StorageSettings(),
            snakefile=ROOT / "Snakefile",
            workdir=folder,
        )
        dag = flow.dag(DAGSettings(forceall=True))
        workflow = dag.workflow_api._workflow
        workflow._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True)
        workflow._build_dag()
        found = {}
        for job in workflow.dag.jobs:
            if not job.is_norun:
                found.setdefault(job.rule.name, []).append((job, dict(job.resources.items())))
        return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(PLACES, "{}")  # what a workflow puts there goes again
    (tmp_path / "params.yaml").symlink_to(ROOT / "params.yaml")
    return tmp_path


@pytest.mark.parametrize("configs", CONFIGS)
def test_every_job_gives_its_function_what_it_takes(folder, configs):
    for rule, found in jobs(folder, configs).items():
        for job, _ in found:
            if rule == "make_report":  # another Snakemake
                continue
            function = step.function_of(job.params.step)
            given = step.arguments(function, as_script_sees(job))
            tracking = {"run": None, "run_id": ""}
            takes = inspect.signature(function)
            given |= {name: value for name, value in tracking.items() if name in takes.parameters}
            try:
                takes.bind(**given)
            except TypeError as error:
                pytest.fail(f"{rule}: {error}")
            for name, value in given.items():  # one path where one is asked for
                wanted = str(takes.parameters[name].annotation) if name in takes.parameters else ""
                if wanted.startswith("Path"):
                    assert isinstance(value, Path), f"{rule}: {name} is {value}"
                elif wanted.startswith("Sequence[Path]"):
                    assert isinstance(value, list), f"{rule}: {name} is {value}"


def test_the_small_run_of_these_tests_has_a_job_of_every_rule(folder):
    small = ("smoke.yaml", Path(__file__).with_name("small.yaml"))
    assert jobs(folder, small).keys() == jobs(folder).keys()


def test_a_method_that_takes_masks_off_is_planned_as_a_restorer(folder):
    overlay = folder / "own.yaml"
    overlay.write_text("synthesis: {methods: {two_way: {}}}", "utf-8")
    with registered():
        found = jobs(folder, (overlay,))
    (job,) = [job for job, _ in found["restore"] if job.wildcards.restorer == "two_way"]
    assert str(job.input.model) == "results/models/orl/two_way/seed0"
    assert isinstance(job.input.segmenter, str)  # one folder, no list
    assert "two_way" in {job.wildcards.restorer for job, _ in found["evaluate_restoration"]}
    assert "two_way" not in {job.wildcards.restorer for job, _ in found["train_restorer"]}


def test_touch_opens_no_tracking_run(folder, monkeypatch):
    """It puts times right and runs nothing, also where `dvc pull` brought results of elsewhere."""
    for name in (tracking_store.URI, tracking.PARENT):
        monkeypatch.delenv(name, raising=False)
    made = folder / "results" / "mask_pictures"
    made.mkdir(parents=True)
    (made / "pictures.npy").touch()
    before = made.stat().st_mtime_ns
    touch = [sys.executable, "-m", "snakemake", "--touch", "--cores", "1"]
    touch += ["--snakefile", str(ROOT / "Snakefile"), "draw_masks"]
    subprocess.run(touch, cwd=folder, check=True, capture_output=True)
    assert made.stat().st_mtime_ns > before
    assert not (folder / "mlflow.db").exists()


def test_a_collection_s_pictures_make_its_step_stale_and_its_place_does_not(folder):
    for place in ("here", "there"):
        for person in ("ann", "bob", "cy"):
            path = folder / place / person / "1.png"
            path.parent.mkdir(parents=True)
            path.write_text(person)

    def step_of(place):
        own = {"adapter": "folder", "path": str(folder / place)}
        overlay = folder / "own.yaml"
        overlay.write_text(
            yaml.safe_dump({"datasets": {"own": own}, "synthesis": {"dataset": "own"}})
        )
        ((job, _),) = jobs(folder, (overlay,))["fetch"]
        return {repr(value) for value in job.non_derived_params}

    here = step_of("here")
    assert step_of("there") == here
    (folder / "there" / "cy" / "2.png").write_text("another")
    assert step_of("there") != here


def as_script_sees(job):
    return SimpleNamespace(
        input=job.input, output=job.output, wildcards=dict(job.wildcards_dict), params=job.params,
        threads=1, config={"output": str(job.output[0]).split("/")[0]},
    )  # fmt: skip


def test_profiles_know_what_every_job_asks_for(folder, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")  # no nvidia-smi: neither a laptop nor a login node
    here = jobs(folder)
    for name in ("slurm", "kubernetes"):
        text = (ROOT / "profiles" / name / "config.v9+.yaml").read_text("utf-8")
        profile = yaml.safe_load(text)
        there = submitted(folder, profile)
        assert here.keys() == there.keys()
        gpu = {rule for rule, found in there.items() if found[0][1].get("gpu")}
        assert gpu == {rule for rule in here if uses_networks(here[rule][0][0])}
        partition = "gpu" if name == "slurm" else ""
        for rule in here:
            (_, small), (_, large) = here[rule][0], there[rule][0]
            assert not small.get("gpu")
            assert large["mem_mb"] >= small["mem_mb"] > 0
            assert large["runtime"] == small["runtime"] > 0
            assert large.get("slurm_partition", "") == (partition if rule in gpu else "")
        # Jobs that share one are of one method or restorer, and none of them is long.
        for rule, group in profile["groups"].items():
            values = set(here[rule][0][0].wildcards_dict)
            assert {"dataset", "seed"} < set(re.findall(r"{(\w+)}", group)) <= values, rule
            assert rule in gpu
            assert not rule.startswith("train_")
        assert set(profile.get("group-components", {})) <= set(profile["groups"].values())
    profile["default-resources"] |= {"gpu": 0, "gpu_partition": "'gpu'"}  # a cluster without any
    for found in submitted(folder, profile).values():
        assert found[0][1]["gpu"] == 0
        assert "slurm_partition" not in found[0][1]


def submitted(folder, profile):
    """All jobs, as they are sent to a cluster."""
    defaults = [f"{key}={value}" for key, value in profile["default-resources"].items()]
    defaults = Resources.parse(defaults, allow_expressions=True)
    return jobs(folder, cores=None, nodes=profile["jobs"], default_resources=defaults)


def test_several_machines_do_not_write_to_one_sqlite_file(folder, monkeypatch):
    monkeypatch.delenv(tracking_store.URI, raising=False)
    ((job, _), *_) = jobs(folder, cores=None, nodes=2)["draw_masks"]
    with pytest.raises(WorkflowError, match=r"mlflow\.db.*set tracking\.sqlite_on_cluster: true"):
        job.rule.workflow.globals["refuse"]()


def uses_networks(job):
    """Trainings, and what runs networks after them."""
    words = ("train_", "synthesise", "embed", "restore", "evaluate_")
    return job.rule.name.startswith(words)


def lines(*paths):
    return sum(len(path.read_text("utf-8").splitlines()) for path in paths)


def test_a_step_is_declared_once(folder):
    """At most 60 lines of plumbing a rule that does work, and few files that name a step.

    Plumbing is what only wires steps: the Snakefile, workflow/rules, workflow/scripts, dvc.yaml and
    the modules ``names`` of the package. Not the command line (cli.py), which is for people's own
    pictures, nor the checks of a configuration, nor forks.py, which starts any script. A rule does
    work that has a script or a shell command; one that is made in a loop counts once.
    """
    package = ROOT / "src" / "maskbench"
    wiring = [ROOT / "Snakefile", ROOT / "dvc.yaml"]
    wiring += [*ROOT.glob("workflow/rules/*.smk"), *ROOT.glob("workflow/scripts/*.py")]
    names = ("step", "code_digest", "experiment", "versioning", "timeleft")
    wiring += [package / f"{name}.py" for name in names]
    working = {(job.rule.snakefile, job.rule.lineno) for [(job, _), *_] in jobs(folder).values()}
    assert lines(*wiring) / len(working) <= 60
    texts = {path: path.read_text("utf-8") for path in [*wiring, *package.rglob("*.py")]}
    naming = [path for path, text in texts.items() if re.search(r"\bmasked_domain\b", text)]
    assert len(naming) <= 4, naming


def test_dvc_knows_what_its_stages_read_and_write(folder):
    """Every input of a job is an output of its stage, or one of what the stage depends on, and the
    stages form no circle: even where all methods but the reference need all guides, one of them
    takes masks off, and people were asked."""
    overlay, votes = folder / "own.yaml", folder / "submissions" / "votes.json"
    own = {"synthesis": {"methods": {"two_way": {}}}, "study": {"votes": "submissions/votes.json"}}
    overlay.write_text(yaml.safe_dump(own), "utf-8")
    votes.parent.mkdir()
    votes.touch()
    text = (ROOT / "dvc.yaml").read_text("utf-8").replace("${output}", "results")
    stages = yaml.safe_load(text)["stages"]
    writes = {
        stage: [
            path for kind in ("outs", "metrics", "plots") for path in map(only, one.get(kind, ()))
        ]
        for stage, one in stages.items()
    }
    with registered(), pytest.MonkeyPatch.context() as patch:
        for name, spec in METHODS.all().items():
            if name != REFERENCE:
                needy = replace(spec, guides=tuple(GUIDES.all()))
                patch.setitem(METHODS._specs, name, needy)
        plan = jobs(folder, (overlay,))
    reads = {stage: set() for stage in stages}
    for rule, found in plan.items():
        for job, _ in found:
            (stage,) = {s for s, paths in writes.items() for o in job.output if below(o, paths)}
            assert all(below(path, writes[stage]) for path in job.output), rule
            known = writes[stage] + stages[stage].get("deps", [])
            assert [path for path in job.input if not below(path, known)] == [], f"{stage}: {rule}"
            reads[stage] |= {s for s in writes for path in job.input if below(path, writes[s])}
    assert any(job.input.guides for job, _ in plan["train_synthesis"])
    assert "evaluate_study" in plan
    order = TopologicalSorter({stage: used - {stage} for stage, used in reads.items()})
    assert set(order.static_order()) == set(stages)


def only(entry):
    return entry if isinstance(entry, str) else next(iter(entry))


def below(path, folders):
    return any(Path(path).is_relative_to(folder) for folder in folders)


def test_a_method_is_stale_when_the_code_of_its_guides_changes(folder, monkeypatch):
    spec = METHODS.get("gan_direct")
    monkeypatch.setitem(METHODS._specs, "gan_direct", replace(spec, guides=("segmenter",)))
    method, guide = (one.implementation.split(":")[0] for one in (spec, GUIDES.get("segmenter")))
    found = {job.wildcards_dict["method"]: job for job, _ in jobs(folder)["synthesise"]}
    modules = ("maskbench.synthesis.synthesise", method, guide)
    assert found["gan_direct"].params.code == code_digest(modules)
    assert [Path(path).name for path in found["gan_direct"].input.guides] == ["seed0"]
    assert len(found["gan_stn"].input.guides) == 0


def test_votes_are_counted_where_they_are_named(folder):
    overlay = folder / "own.yaml"
    overlay.write_text("study: {votes: votes.json}", "utf-8")
    (folder / "votes.json").touch()
    found = jobs(folder, (overlay,))
    ((job, _),) = found["evaluate_study"]
    given = step.arguments(step.function_of(job.params.step), as_script_sees(job))
    assert given["votes"] == Path("votes.json")
    for rule in ("collect_measurements", "judge_claims", "make_index"):
        ((reader, _),) = found[rule]
        assert str(job.output.out) in reader.input.metrics
    assert "evaluate_study" not in jobs(folder)
