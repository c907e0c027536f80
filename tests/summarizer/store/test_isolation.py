"""Nothing of one key is visible to another, whatever both do with the same names."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from summarizer.errors import Refused
from summarizer.kept import ROW_BYTES, Answer, Bounds, Item, Said, Turn
from summarizer.store.answers import Answers
from summarizer.store.sessions import Sessions

NAMES = "abc"
# Small enough that both keys have to let things go.
BOUNDS = Bounds(answers_bytes=3 * ROW_BYTES, session_bytes=5 * ROW_BYTES, sessions=2, sessions_bytes=8 * ROW_BYTES)
NAME = st.sampled_from(NAMES)
OPERATIONS = st.one_of(
    st.tuples(st.just("keep"), NAME, st.sampled_from(["", *NAMES])),
    st.tuples(st.just("forget"), NAME),
    st.tuples(st.just("talk"), NAME),
    st.tuples(st.just("begin"), NAME),
    st.tuples(st.just("forget session"), NAME),
    st.tuples(st.just("prune")),
)
SCRIPT = st.lists(st.tuples(st.integers(0, 1), OPERATIONS), min_size=15, max_size=25)
LATER = 10**9
number = itertools.count()


class World:
    """One key's doings, by a clock of its own; `told` is what it was answered."""

    def __init__(self, engine, key):
        self.answers = Answers(engine, BOUNDS, 12)
        self.sessions = Sessions(engine, BOUNDS, 12)
        self.key = key
        self.told = []

    async def act(self, now, what, *names):
        try:
            done = await getattr(self, what.replace(" ", "_"))(now, *names)
        except Refused as error:
            done = type(error).__name__
        self.told.append((now, what, done, await self.view(now)))

    async def keep(self, now, name, previous):
        items = [Item(name, f"{now}".encode()), Item("common", f"{now} of {name}".encode())]
        return await self.answers.keep(self.key, Answer(name, previous, f"body {now}".encode(), items), now)

    async def forget(self, now, name):
        await self.answers.forget(self.key, name, now)

    async def talk(self, now, user):
        turn = await self.sessions.claim(self.key, user, f"t{now}", now + 3, now)
        if isinstance(turn, Turn):
            return turn.said, await self.sessions.end(self.key, user, turn.id, [Said(False, f"{now}"), Said(True, "!")], now)
        return turn

    async def begin(self, now, user):
        return await self.sessions.claim(self.key, user, "held", now + 3, now)

    async def forget_session(self, now, user):
        await self.sessions.forget(self.key, user, now)

    async def prune(self, now):
        """Everybody's, as it is done by the clock."""
        await self.answers.prune(now, 1000)
        await self.sessions.prune(now, 1000)

    async def view(self, now):
        """Everything that the key can get at."""
        seen = [await self._tried(self.answers.recall(self.key, "", ["common"], now)), await self.sessions.page(self.key, "", 9, now)]
        for name in NAMES:
            seen += [
                await self._tried(self.answers.find(self.key, name, now)),
                await self._tried(self.answers.recall(self.key, name, [name], now)),
                await self.sessions.holder(self.key, name, now),
            ]
        return seen

    async def _tried(self, ask):
        try:
            return await ask
        except Refused as error:
            return repr(error)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=SCRIPT)
async def test_a_key_is_alone_with_what_it_keeps(engine, script):
    """Two keys do things in turn, and then two others the same, each by itself: all are told the same."""
    run = next(number)
    together = [World(engine, f"{run}-{at}") for at in (0, 1)]
    for now, (who, operation) in enumerate(script):
        await together[who].act(now, *operation)
    for who, mixed in enumerate(together):
        await mixed.prune(LATER)  # nothing is left that could be taken for one's own
        alone = World(engine, f"{run}-{who}-alone")
        for now, (whose, operation) in enumerate(script):
            if whose == who:
                await alone.act(now, *operation)
            elif operation == ("prune",):
                await alone.prune(now)
        assert alone.told == mixed.told
    await alone.prune(LATER)
