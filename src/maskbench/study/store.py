"""Votes in a database: SQLite beside the plan, or any that SQLAlchemy speaks to.

A vote is acknowledged after its transaction is on disk. The primary key of rater and page lets no
vote count twice, however many servers write. Nothing says who a rater is, where from or when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError

from maskbench.errors import MaskbenchError
from maskbench.study.plan import Plan, Vote, Votes

_META = MetaData()
_LOCK = 8_121_314  # any number that nothing else in the database locks
_STUDY = Table("study", _META, Column("plan", String(32), primary_key=True))
_RATERS = Table(
    "raters", _META,
    Column("rater", Integer, primary_key=True, autoincrement=False),
    Column("withdrawn", Boolean, nullable=False),
)  # fmt: skip
_VOTES = Table(
    "votes", _META,
    Column("rater", Integer, primary_key=True, autoincrement=False),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("first", Boolean, nullable=False),
    Column("second", Boolean, nullable=False),
)  # fmt: skip


@dataclass(frozen=True)
class State:
    """How far a rater is.

    Attributes:
        consented: whether the rater agreed to take part.
        withdrawn: whether the rater took that back.
        answered: pages answered, which is the number of the next page.
    """

    consented: bool
    withdrawn: bool
    answered: int


class Store:
    """The votes on one plan.

    Args:
        url: of the database, as SQLAlchemy writes it.
        plan: a database holds votes on one plan alone.

    Raises:
        MaskbenchError: no such database, or it holds votes on another plan.
    """

    def __init__(self, url: str, plan: Plan) -> None:
        self.plan = plan
        try:
            place = make_url(url)
            if place.drivername == "postgresql":
                place = place.set(drivername="postgresql+psycopg")
            shown = place.render_as_string(hide_password=True)
            self._engine = create_engine(place, pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError) as error:
            way_out = "write sqlite:///FILE or postgresql://USER@HOST/NAME"
            raise MaskbenchError("--database", f"not a database ({error})", way_out) from None
        except ImportError as error:
            name = "psycopg[binary]" if "psycopg" in str(error) else error.name
            what, way_out = f"needs a driver ({error})", f"pip install '{name}'"
            raise MaskbenchError(shown, what, way_out) from None
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _durable)
        try:
            with self._engine.begin() as connection:
                if self._engine.dialect.name == "postgresql":  # servers that start at once
                    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
                _META.create_all(connection)
                held = connection.execute(select(_STUDY.c.plan)).scalar()
                if held is None:
                    connection.execute(insert(_STUDY).values(plan=plan.key))
        except DBAPIError as error:
            raise MaskbenchError(shown, str(error.orig), "check the database") from None
        if held not in (None, plan.key):
            raise MaskbenchError(shown, "holds votes on another plan", "name another database")

    def state(self, rater: int) -> State:
        """How far a rater is."""
        count = select(func.count()).where(_VOTES.c.rater == rater).scalar_subquery()
        wanted = select(_RATERS.c.withdrawn, count).where(_RATERS.c.rater == rater)
        with self._engine.connect() as connection:
            found = connection.execute(wanted).first()
        return State(False, False, 0) if found is None else State(True, *found)

    def consent(self, rater: int) -> None:
        """Note that a rater takes part; once more changes nothing."""
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(_RATERS).values(rater=rater, withdrawn=False))
        except IntegrityError:
            pass

    def vote(self, rater: int, page: int, first: bool, second: bool) -> bool:
        """Keep the answers to a page, in the order of the plan.

        Returns:
            False: nothing was kept. The page was answered before, pages before it were not, or the
            rater takes no part.
        """
        takes_part = exists().where(_RATERS.c.rater == rater, ~_RATERS.c.withdrawn)
        before = select(func.count()).where(_VOTES.c.rater == rater).scalar_subquery()
        row = select(*map(literal, (rater, page, first, second))).where(takes_part, before == page)
        new = insert(_VOTES).from_select(_VOTES.c.keys(), row)
        new = new.execution_options(preserve_rowcount=True)  # of an insertion it is lost otherwise
        try:
            with self._engine.begin() as connection:
                # One answer of a rater at a time, and none beside a withdrawal.
                connection.execute(
                    select(_RATERS).where(_RATERS.c.rater == rater).with_for_update()
                )
                done = connection.execute(new)
        except IntegrityError:
            return False
        return done.rowcount == 1

    def withdraw(self, rater: int) -> None:
        """Forget a rater's answers for good."""
        with self._engine.begin() as connection:
            gone = update(_RATERS).where(_RATERS.c.rater == rater).values(withdrawn=True)
            connection.execute(gone)
            connection.execute(delete(_VOTES).where(_VOTES.c.rater == rater))

    def export(self) -> Votes:
        """All votes with their plan, sorted, without those of raters who withdrew."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(_VOTES).order_by(_VOTES.c.rater, _VOTES.c.page)).all()
            gone = select(_RATERS.c.rater).where(_RATERS.c.withdrawn).order_by(_RATERS.c.rater)
            withdrawn = tuple(connection.execute(gone).scalars())
        votes = (
            Vote(rater=rater, trial=self.plan.raters[rater][page][0], real=(first, second))
            for rater, page, first, second in rows
            if rater not in withdrawn
        )
        return Votes(plan=self.plan, votes=tuple(votes), withdrawn=withdrawn)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _durable(connection: Any, _: Any) -> None:
    """A commit waits for the disk; readers and one writer do not wait for each other."""
    for setting in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 30000"):
        connection.execute(f"PRAGMA {setting}")
