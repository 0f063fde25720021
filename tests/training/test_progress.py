import logging

from maskbench.training.progress import TrainingProgress


def test_without_a_terminal_it_logs_lines_with_losses_rate_and_time_left(caplog):
    with (
        caplog.at_level(logging.INFO, "maskbench.training.progress"),
        TrainingProgress("m seed 0", total=4, pictures=16, seconds=0) as progress,
    ):
        for _ in range(4):
            progress.advance({"critic_loss": -0.25})
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 4
    assert lines[1].startswith("m seed 0: step 2 of 4, critic_loss -0.25, ")
    assert lines[-1].endswith(" pictures/s, 0 s left")


def test_lines_are_rare_but_the_last_step_has_one(caplog):
    with (
        caplog.at_level(logging.INFO, "maskbench.training.progress"),
        TrainingProgress("m", total=50, pictures=1, seconds=60) as progress,
    ):
        for _ in range(50):
            progress.advance({})
    assert caplog.records[0].getMessage().startswith("m: step 50 of 50")
    assert len(caplog.records) == 1


def test_a_resumed_training_says_where_it_goes_on(caplog):
    with (
        caplog.at_level(logging.INFO, "maskbench.training.progress"),
        TrainingProgress("m", total=10, pictures=1, done=6),
    ):
        pass
    assert "goes on from step 6 of 10" in caplog.text
