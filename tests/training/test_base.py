"""The shared part of trainings: curves between points, the state, the decay of a rate."""

from maskbench.training.base import CurvedTraining, decay, to_run


class Params:
    log_every, checkpoint_every, batch_size = 2, 0, 1


class Small(CurvedTraining):
    PLAIN = ("step", "warm", "sums", "curves")

    def __init__(self):
        super().__init__(Params)
        self.warm, self.other = 3, [1.0]

    def parts(self):
        return {"other": self.other}

    def advance(self, **losses):
        self.step += 1
        self.note(losses)
        return losses


def test_a_point_is_the_mean_since_the_last_one():
    training = Small()
    training.advance(a=1.0, b=5.0)
    assert training.curves == {}
    training.advance(a=2.0)
    training.advance(a=9.0)
    assert training.curves == {"a": [[2.0, 1.5]], "b": [[2.0, 5.0]]}
    training.advance(a=1.0)
    assert training.last() == {"a": 5.0, "b": 5.0}


def test_what_was_captured_goes_on_as_if_never_stopped():
    one, two = Small(), Small()
    one.advance(a=1.0)
    one.warm = 7
    values = one.capture()
    assert list(values) == ["other", "step", "warm", "sums", "curves"]
    two.restore(values)
    two.advance(a=2.0)
    assert (two.step, two.warm, two.curves) == (2, 7, {"a": [[2.0, 1.5]]})


def test_decay_is_one_and_then_a_line_to_zero():
    assert [decay(step, 8, 0.5) for step in (0, 4, 6, 8, 9)] == [1, 1, 0.5, 0, 0]


def test_a_training_without_a_tracking_run_logs_nothing():
    points = []

    class Run:
        def metrics(self, step, values):
            points.append((step, values))

    to_run(None)(1, {"a": 1.0})
    to_run(Run())(2, {"a": 3.0})
    assert points == [(2, {"a": 3.0})]
