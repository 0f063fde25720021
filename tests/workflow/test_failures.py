"""Failures that a user can mend: one clear line, no traceback, and the others go on."""

import shlex

from .conftest import NO_TRACKING, copy_tree


def test_the_workflow_names_a_wrong_key(project):
    overlay = project.path / "mine.yaml"
    overlay.write_text("synthesis: {methods: {wgan_stn: {stepps: 3}}}\n")
    done = project.run("snakemake", "-n", "--configfile", "mine.yaml", code=1)
    overlay.unlink()
    assert "synthesis.methods.wgan_stn: stepps: unknown key; did you mean steps?" in done.text
    assert "Traceback" not in done.text


def test_a_failing_step_shows_its_reason_and_spares_the_others(project):
    """A data set that is not there: the reason stands on the screen."""
    overlay = project.path / "mine.yaml"
    overlay.write_text(
        "output: results/none\nsynthesis: {dataset: mine}\ntracking: {enabled: false}\n"
        "datasets: {mine: {adapter: folder, path: not/here}}\n"
    )
    done = project.run("snakemake", "data", "--configfile", "mine.yaml", code=1)
    overlay.unlink()
    assert "not/here" in done.text
    assert "Traceback" not in done.text
    assert (project.path / "results" / "none" / "mask_pictures").exists()
    assert not (project.path / "results" / "none" / "pictures" / "mine").exists()


def test_own_files_are_refused_before_the_first_job(tmp_path):
    """In a folder named as output, and beside an earlier result that would be made again."""
    project = copy_tree(tmp_path / "project")
    own, notes = project.path / "own/mask_pictures/photo.jpg", "made/mask_pictures/notes.txt"
    own.parent.mkdir(parents=True)
    own.write_text("own")
    draw = ("snakemake", "draw_masks", "--forceall", "--cores", "1", "--config", NO_TRACKING)
    refused = project.run(*draw, "output=own", code=1)
    assert "own: holds mask_pictures/photo.jpg, not written by the workflow" in refused.text
    assert [path for path in (project.path / "own").rglob("*") if path.is_file()] == [own]
    project.run(*draw, "output=made")
    (project.path / notes).write_text("own")
    refused = project.run(*draw, "output=made", code=1)
    assert "made/mask_pictures: holds notes.txt, not written by the workflow" in refused.text
    assert (project.path / notes).read_text() == "own"


def test_one_that_fails_does_not_cost_the_results_of_the_others(project):
    """The run's end names it and the command that makes everything else."""
    overlay = project.path / "mine.yaml"
    (project.path / "damaged.safetensors").write_text("no weights")
    overlay.write_text(
        "run: {recognisers: [dlib_resnet, arcface, dlib_resnet_projected, damaged]}\n"
        "recognition: {recognisers: {damaged: {use: arcface, start: damaged.safetensors}}}\n"
    )
    tables = ("snakemake", "tables", "--configfile", "mine.yaml", "--config", NO_TRACKING)
    done = project.run(*tables, code=1)
    (line,) = [line for line in done.text.splitlines() if line.startswith("failed: ")]
    what, command = line.split("; results without it: ")
    assert what == "failed: recogniser damaged"
    project.run(*shlex.split(command))
    overlay.unlink()
    made = (project.path / "results" / "tables" / "recognition.csv").read_text()
    assert "arcface" in made
    assert "damaged" not in made
