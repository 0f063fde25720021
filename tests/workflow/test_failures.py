"""Failures that a user can mend: one clear line, no traceback, and the others go on."""


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
        "output: results/none\nsynthesis: {dataset: mine}\n"
        "datasets: {mine: {adapter: folder, path: not/here}}\n"
    )
    done = project.run("snakemake", "data", "--configfile", "mine.yaml", code=1)
    overlay.unlink()
    assert "not/here" in done.text
    assert "Traceback" not in done.text
    assert (project.path / "results" / "none" / "mask_pictures").exists()
    assert not (project.path / "results" / "none" / "pictures" / "mine").exists()
